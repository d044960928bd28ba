// What the kinds of a call's events look like: lane, label, and the sentence that a screen reader says.

import { seconds } from "./format.js";

/** @typedef {{at: number, kind: string, audio?: number, text?: string, seconds?: number, detail?: string, wire?: any}} CallEvent */
/** @typedef {{lane: string, label: string}} Kind */

/** @type {Record<string, Kind>} */
export const KINDS = {
  "partial": { lane: "words", label: "partial" },
  "final": { lane: "words", label: "final" },
  "endpointing": { lane: "turn", label: "endpointing" },
  "interrupted": { lane: "turn", label: "interrupted" },
  "voice-asked": { lane: "voice", label: "voice request" },
  "first-audio": { lane: "voice", label: "first audio" },
  "voice-ended": { lane: "voice", label: "voice ended" },
  "engine": { lane: "server", label: "engine" },
  "stall": { lane: "server", label: "stall" },
  "server": { lane: "server", label: "Server URL message" },
  "joined": { lane: "server", label: "joined" },
  "released": { lane: "server", label: "join taken back" },
  "opened": { lane: "server", label: "socket opened" },
  "started": { lane: "server", label: "started" },
  "first-frame": { lane: "server", label: "first frame" },
  "closed": { lane: "server", label: "socket closed" },
  "ended": { lane: "server", label: "ended" },
  "speech-started": { lane: "speech", label: "speech started" },
  "speech-stopped": { lane: "speech", label: "speech stopped" },
};

export const LANES = [
  { name: "customer", label: "Customer" },
  { name: "words", label: "Transcripts" },
  { name: "turn", label: "Turn-taking" },
  { name: "voice", label: "Voice" },
  { name: "assistant", label: "Assistant" },
  { name: "server", label: "Server" },
];

/** @param {CallEvent} event */
export function kindOf(event) {
  return KINDS[event.kind] ?? { lane: "server", label: event.kind };
}

/** What an event says, without its kind. @param {CallEvent} event */
export function saying(event) {
  const length = event.seconds === undefined ? "" : seconds(event.seconds);
  switch (event.kind) {
    case "partial":
    case "final":
      return `“${event.text ?? ""}”`;
    case "voice-asked":
      return `“${event.text ?? ""}”`;
    case "endpointing":
      return `wait ${length}${event.detail ? ` (${event.detail})` : ""}`;
    case "first-audio":
      return `after ${length}`;
    case "voice-ended":
      return [event.detail, length && `${length} of audio`].filter(Boolean).join(", ");
    case "stall":
      return `the server's loop was held for ${length}`;
    default:
      return [event.detail, event.text, length].filter(Boolean).join(", ");
  }
}

/** One sentence about an event. @param {CallEvent} event */
export function sentence(event) {
  const said = saying(event);
  return `${seconds(event.at)}: ${kindOf(event).label}${said ? ` ${said}` : ""}`;
}

/**
 * Stretches of speech of one speaker.
 * @param {CallEvent[]} events @param {string} speaker @param {number} end where speech goes on that has not stopped
 */
export function speech(events, speaker, end) {
  const found = [];
  let begun = null;
  for (const event of events) {
    if (event.detail !== speaker) continue;
    if (event.kind === "speech-started") begun ??= event.at;
    if (event.kind === "speech-stopped" && begun !== null) {
      found.push({ begin: begun, end: event.at });
      begun = null;
    }
  }
  if (begun !== null) found.push({ begin: begun, end: Math.max(end, begun) });
  return found;
}

/**
 * Voice requests with their first audio and their end.
 * @param {CallEvent[]} events
 */
export function voices(events) {
  /** @type {{asked: CallEvent, first: CallEvent|null, ended: CallEvent|null}[]} */
  const found = [];
  for (const event of events) {
    if (event.kind === "voice-asked") found.push({ asked: event, first: null, ended: null });
    const open = found.find((one) => one.ended === null && (event.kind !== "first-audio" || one.first === null));
    if (!open) continue;
    if (event.kind === "first-audio") open.first = event;
    if (event.kind === "voice-ended") open.ended = event;
  }
  return found;
}
