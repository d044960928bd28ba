// The microphone as 20 ms frames of 16-bit samples at the call's rate.

import { Resampler } from "./resample.js";

class Microphone extends AudioWorkletProcessor {
  /** @param {{processorOptions: {rate: number}}} options */
  constructor(options) {
    super();
    const { rate } = options.processorOptions;
    this.resampler = new Resampler(sampleRate, rate);
    this.frame = new Int16Array(Math.round(rate / 50));
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channel = inputs[0]?.[0];
    if (channel) for (const sample of this.resampler.feed(channel)) this.#take(sample);
    return true;
  }

  /** @param {number} sample -1 … 1 */
  #take(sample) {
    this.frame[this.filled] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
    this.filled += 1;
    if (this.filled < this.frame.length) return;
    this.port.postMessage(this.frame.slice().buffer);
    this.filled = 0;
  }
}

registerProcessor("microphone", Microphone);
