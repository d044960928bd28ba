// Waveforms: peaks of both channels at 100 Hz, drawn on canvases of a bounded width.

import { h, placed } from "./dom.js";

export const PEAK_RATE = 100;
/** Peaks a second. */

const QUIET = 24;
/** Peak from which on a side is drawn larger than it is: a soft voice is seen, the noise of a silent line is not. */

const WIDEST = 4096;
/** Pixels of one canvas; browsers refuse much wider ones. */

/**
 * Peaks of samples: the largest magnitude of each hundredth of a second, 0 to 127.
 * @param {Float32Array|Int16Array} samples @param {number} rate Hz
 */
export function peaksOf(samples, rate) {
  const full = samples instanceof Int16Array ? 32768 : 1;
  const count = Math.ceil((samples.length * PEAK_RATE) / rate);
  const peaks = new Int8Array(count);
  for (let index = 0; index < count; index += 1) {
    const end = Math.min(samples.length, Math.round(((index + 1) * rate) / PEAK_RATE));
    let largest = 0;
    for (let at = Math.round((index * rate) / PEAK_RATE); at < end; at += 1) largest = Math.max(largest, Math.abs(samples[at]));
    peaks[index] = Math.min(127, Math.round((largest / full) * 127));
  }
  return peaks;
}

/**
 * Canvases that show peaks, side by side.
 * @param {Int8Array} peaks @param {{rate: number, begin: number}} clock peaks a second, and seconds at the first one
 * @param {number} scale pixels per second
 */
export function waveform(peaks, clock, scale) {
  const width = Math.ceil((peaks.length / clock.rate) * scale);
  const loudest = Math.max(QUIET, peaks.reduce((most, peak) => Math.max(most, peak), 0));
  const made = [];
  for (let left = 0; left < width; left += WIDEST) {
    const canvas = h("canvas", { class: "wave", width: Math.min(WIDEST, width - left), height: 40, "aria-hidden": "true" });
    made.push(placed(canvas, clock.begin * scale + left, canvas.width));
    requestAnimationFrame(() => draw(canvas, peaks, clock.rate / scale, left, loudest));
  }
  return made;
}

/** @param {HTMLCanvasElement} canvas @param {Int8Array} peaks @param {number} each peaks per pixel @param {number} left @param {number} loudest the peak that fills the height */
function draw(canvas, peaks, each, left, loudest) {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = getComputedStyle(canvas).color;
  const middle = canvas.height / 2;
  for (let x = 0; x < canvas.width; x += 1) {
    let largest = 0;
    const end = Math.max((left + x + 1) * each, Math.floor((left + x) * each) + 1);
    for (let index = Math.floor((left + x) * each); index < end && index < peaks.length; index += 1) {
      largest = Math.max(largest, peaks[index]);
    }
    const height = Math.max(1, (largest / loudest) * canvas.height);
    context.fillRect(x, middle - height / 2, 1, height);
  }
}
