// The lanes of a call: bars, chips and marks at their places on the clock.

import { h, placed } from "./dom.js";
import { seconds } from "./format.js";
import { kindOf, LANES, saying, sentence, speech, voices } from "./kinds.js";
import { waveform } from "./waveform.js";

/** @typedef {import("./kinds.js").CallEvent} CallEvent */
/** @typedef {{at: number, total: number, transcriber: number, endpointing: number, model: number, voice: number, part: string|null, cause: string, explanation: string}} Turn */
/** @typedef {{customer: Int8Array, assistant: Int8Array, rate: number, begin: number}} Peaks */
/** @typedef {{events: CallEvent[], latencies: Turn[], duration: number, peaks?: Peaks}} Picture */

export const PARTS = /** @type {const} */ (["transcriber", "endpointing", "model", "voice"]);

const LONGEST_CHIP = 420;
const AFTER_END = 90;
const ROOM_FOR_LABEL = 44;

/**
 * All lanes, in order from top to bottom.
 * @param {Picture} call @param {number} scale pixels per second
 * @param {(event: CallEvent) => HTMLButtonElement} button makes the button of an event
 */
export function lanes(call, scale, button) {
  /** @type {Record<string, HTMLElement[]>} */
  const content = { customer: [], words: [], turn: [], voice: [], assistant: [], server: [] };
  for (const speaker of ["customer", "assistant"]) content[speaker].push(...speechBars(call, speaker, scale));
  content.words.push(...wordMarks(call, scale, button));
  content.turn.push(...call.latencies.map((turn) => delay(turn, scale)), ...turnMarks(call, scale, button));
  content.voice.push(...voiceMarks(call, scale, button));
  content.server.push(...serverMarks(call, scale, button));
  return LANES.map(({ name, label }) =>
    h("div", { class: `lane lane-${name}` }, h("span", { class: "lane-name", "aria-hidden": "true" }, label), h("div", { class: "track" }, ...content[name])),
  );
}

/** @param {Picture} call @param {string} speaker @param {number} scale */
function speechBars(call, speaker, scale) {
  const peaks = call.peaks?.[/** @type {"customer"|"assistant"} */ (speaker)];
  const bars = speech(call.events, speaker, call.duration).map(({ begin, end }) =>
    placed(h("div", { class: peaks ? "speech drawn" : "speech" }), begin * scale, Math.max(2, (end - begin) * scale)),
  );
  return peaks && call.peaks ? [...bars, ...waveform(peaks, call.peaks, scale)] : bars;
}

/** @param {Picture} call @param {number} scale @param {(event: CallEvent) => HTMLButtonElement} button */
function wordMarks(call, scale, button) {
  const finals = call.events.filter((event) => event.kind === "final");
  return call.events
    .filter((event) => kindOf(event).lane === "words")
    .map((event) => {
      const made = placed(button(event), event.at * scale);
      made.classList.toggle("assistants", event.detail === "assistant");
      if (event.kind === "final") {
        const next = finals.find((one) => one.at > event.at);
        const room = next ? (next.at - event.at) * scale - 4 : (call.duration - event.at) * scale + AFTER_END;
        made.classList.add("chip");
        made.style.maxWidth = `${Math.max(10, Math.min(LONGEST_CHIP, room))}px`;
        made.textContent = event.text ?? "";
      }
      return made;
    });
}

/** @param {Turn} turn @param {number} scale */
function delay(turn, scale) {
  const segments = PARTS.map((part) => placed(h("i", { class: `part ${part}` }), 0, turn[part] * scale));
  return placed(h("div", { class: "delay", "aria-hidden": "true", title: turn.explanation }, ...segments), turn.at * scale);
}

/** @param {Picture} call @param {number} scale @param {(event: CallEvent) => HTMLButtonElement} button */
function turnMarks(call, scale, button) {
  const shown = call.events.filter((event) => kindOf(event).lane === "turn");
  return shown.map((event, index) => {
    const made = placed(button(event), event.at * scale);
    if (event.kind === "interrupted") return made;
    const width = Math.max(10, (event.seconds ?? 0) * scale);
    const room = index + 1 < shown.length ? (shown[index + 1].at - event.at) * scale : Infinity;
    if (Math.min(width, room) > ROOM_FOR_LABEL) made.textContent = seconds(event.seconds ?? 0);
    return placed(made, event.at * scale, Math.min(width, Math.max(10, room - 2)));
  });
}

/** @param {Picture} call @param {number} scale @param {(event: CallEvent) => HTMLButtonElement} button */
function voiceMarks(call, scale, button) {
  return voices(call.events).flatMap(({ asked, first, ended }) => {
    const end = (ended ?? first)?.at ?? call.duration;
    const bar = placed(h("div", { class: "request" }), asked.at * scale, Math.max(2, (end - asked.at) * scale));
    if (first) bar.append(placed(h("i", { class: "waited" }), 0, (first.at - asked.at) * scale));
    const marks = [asked, first, ended].filter((one) => one !== null).map((one) => placed(button(one), one.at * scale));
    return [bar, ...marks];
  });
}

/** @param {Picture} call @param {number} scale @param {(event: CallEvent) => HTMLButtonElement} button */
function serverMarks(call, scale, button) {
  return call.events
    .filter((event) => kindOf(event).lane === "server")
    .map((event) => {
      const made = placed(button(event), event.at * scale);
      made.classList.toggle("trouble", isTrouble(event));
      return made;
    });
}

/** Whether an event of the server's is one to look at first. @param {CallEvent} event */
export function isTrouble(event) {
  if (event.kind === "stall") return true;
  if (event.kind === "engine") return !/^(miss|hit|stored)\b/.test(event.detail ?? "");
  return event.kind === "closed" && !(event.detail ?? "").startsWith("1000");
}

/** The button of an event, without its place. @param {CallEvent} event @param {number} index */
export function markButton(event, index) {
  return h("button", {
    type: "button",
    class: `mark mark-${event.kind}`,
    tabindex: "-1",
    "data-index": index,
    "aria-label": sentence(event),
    title: `${kindOf(event).label} ${saying(event)}`.trim(),
  });
}

/** Ticks of the ruler. @param {number} duration seconds @param {number} scale pixels per second */
export function ruler(duration, scale) {
  const step = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600].find((one) => one * scale >= 64) ?? 1200;
  const ticks = [];
  for (let at = 0; at <= duration + step / 2; at += step) {
    const text = at >= 60 ? `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}` : `${at}`;
    ticks.push(placed(h("span", {}, at === 0 ? "0 s" : text), at * scale));
  }
  return h("div", { class: "ruler", "aria-hidden": "true" }, h("div", { class: "track" }, ...ticks));
}
