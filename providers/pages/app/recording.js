// The sound of a recorded call: fetched, and its peaks.

import { ask } from "./api.js";
import { PEAK_RATE, peaksOf } from "./waveform.js";

const RATE = 16000;

/**
 * @param {string} name @param {AbortSignal} signal
 * @returns {Promise<import("./call-picture.js").Extras>}
 */
export async function recordedSound(name, signal) {
  const response = await ask(`api/recordings/${encodeURIComponent(name)}/sound`, signal);
  const sound = await response.blob();
  const decoded = await new OfflineAudioContext(2, 1, RATE).decodeAudioData(await sound.arrayBuffer());
  const side = (/** @type {number} */ channel) => peaksOf(decoded.getChannelData(Math.min(channel, decoded.numberOfChannels - 1)), decoded.sampleRate);
  const customer = side(0);
  const assistant = decoded.numberOfChannels > 1 ? side(1) : new Int8Array(customer.length);
  return { sound, peaks: { customer, assistant, rate: PEAK_RATE } };
}
