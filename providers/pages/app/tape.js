// Both sides of a call as they came: peaks for the picture, samples for a WAV file.

import { PEAK_RATE } from "./waveform.js";

const LONGEST = 600;
/** Seconds of samples that are kept; peaks go on. */

export class Tape {
  /** @param {number} rate Hz */
  constructor(rate) {
    this.rate = rate;
    /** @type {Int16Array[]} */
    this.frames = [];
    this.samples = 0;
    /** @type {{customer: number[], assistant: number[]}} */
    this.found = { customer: [], assistant: [] };
  }

  /** Take in a stereo frame; returns the assistant's side. @param {ArrayBuffer} frame @returns {Int16Array} */
  take(frame) {
    const both = new Int16Array(frame);
    const count = both.length / 2;
    const assistant = new Int16Array(count);
    const half = Math.max(1, Math.floor(count / 2));
    const loud = { customer: [0, 0], assistant: [0, 0] };
    for (let index = 0; index < count; index += 1) {
      assistant[index] = both[2 * index + 1];
      const part = index < half ? 0 : 1;
      loud.customer[part] = Math.max(loud.customer[part], Math.abs(both[2 * index]));
      loud.assistant[part] = Math.max(loud.assistant[part], Math.abs(assistant[index]));
    }
    for (const side of /** @type {const} */ (["customer", "assistant"])) {
      this.found[side].push(...loud[side].map((value) => Math.round((value / 32768) * 127)));
    }
    if (this.samples < LONGEST * this.rate) this.frames.push(both);
    this.samples += count;
    return assistant;
  }

  /** Level of the caller's last frame, 0 … 1. */
  get level() {
    return Math.max(0, ...this.found.customer.slice(-2)) / 127;
  }

  /** Peaks for the picture. */
  get peaks() {
    return {
      customer: Int8Array.from(this.found.customer),
      assistant: Int8Array.from(this.found.assistant),
      rate: PEAK_RATE,
    };
  }

  /** A WAV file of both sides. */
  wav() {
    const data = new Uint8Array(this.frames.reduce((sum, frame) => sum + frame.byteLength, 0));
    let at = 0;
    for (const frame of this.frames) {
      data.set(new Uint8Array(frame.buffer), at);
      at += frame.byteLength;
    }
    return new Blob([header(this.rate, data.length), data], { type: "audio/wav" });
  }
}

/** @param {number} rate @param {number} size bytes of stereo 16-bit samples */
function header(rate, size) {
  const view = new DataView(new ArrayBuffer(44));
  const text = (/** @type {number} */ at, /** @type {string} */ value) => [...value].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 2, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 4 * rate, true);
  view.setUint16(32, 4, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, size, true);
  return view.buffer;
}
