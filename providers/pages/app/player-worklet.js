// The assistant's sound: a buffer that is played, told of and, when the caller interrupts, dropped at once.

import { Resampler } from "./resample.js";

const FIRST = 0.06;
/** Seconds that are there before sound begins, against a network that is not even. */
const MOST = 0.4;
/** Seconds that may wait; beyond it the oldest are left out, so that a call never falls behind. */
const TELL = 0.1;
/** Seconds between two reports. */

class Player extends AudioWorkletProcessor {
  /** @param {{processorOptions: {rate: number}}} options */
  constructor(options) {
    super();
    this.resampler = new Resampler(options.processorOptions.rate, sampleRate);
    /** @type {number[]} */
    this.waiting = [];
    this.playing = false;
    this.played = 0;
    this.dropped = 0;
    this.loudest = 0;
    this.told = 0;
    this.port.onmessage = (message) => this.#heard(message.data);
  }

  /** @param {ArrayBuffer|"stop"} data */
  #heard(data) {
    if (data === "stop") {
      this.dropped += this.waiting.length;
      this.waiting = [];
      this.playing = false;
      this.#tell();
      return;
    }
    const samples = Float32Array.from(new Int16Array(data), (sample) => sample / 32768);
    this.waiting.push(...this.resampler.feed(samples));
    const beyond = this.waiting.length - MOST * sampleRate;
    if (beyond > 0) {
      this.waiting.splice(0, beyond);
      this.dropped += beyond;
    }
  }

  /** @param {Float32Array[][]} inputs @param {Float32Array[][]} outputs */
  process(inputs, outputs) {
    const channel = outputs[0][0];
    this.playing = this.waiting.length >= channel.length && (this.playing || this.waiting.length >= FIRST * sampleRate);
    if (this.playing) {
      const taken = this.waiting.splice(0, channel.length);
      channel.set(taken);
      this.played += taken.length;
      for (const sample of taken) this.loudest = Math.max(this.loudest, Math.abs(sample));
    }
    this.told += channel.length;
    if (this.told >= TELL * sampleRate) this.#tell();
    return true;
  }

  #tell() {
    const { played, dropped, loudest } = this;
    this.port.postMessage({ played, dropped: Math.round(dropped), loudest, waiting: this.waiting.length / sampleRate });
    this.loudest = 0;
    this.told = 0;
  }
}

registerProcessor("player", Player);
