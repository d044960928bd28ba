// <event-detail>: one event as JSON, and the request behind it as a line for a shell.

import { copy, h } from "./dom.js";
import { quoted } from "./format.js";
import { kindOf, sentence } from "./kinds.js";

/** @typedef {import("./kinds.js").CallEvent} CallEvent */

const RATE = 24000;
/** Hz that a repeated voice request asks for: an event does not keep its own. */

export class EventDetail extends HTMLElement {
  /**
   * @param {CallEvent|null} event @param {CallEvent[]} [events] of the call, for what was said before
   * @param {any} [wire] what went over the wire, where it was kept
   */
  show(event, events = [], wire) {
    this.toggleAttribute("empty", event === null);
    if (event === null) {
      this.replaceChildren(h("p", { class: "quiet" }, "Choose a mark to see its event as JSON."));
      return;
    }
    const request = this.hasAttribute("saved") ? null : requestOf(event, events);
    this.replaceChildren(
      h("h3", { "aria-live": "polite" }, kindOf(event).label),
      h("p", {}, sentence(event)),
      json("JSON of the event", event),
      ...(wire === undefined ? [] : [h("h4", {}, "On the wire"), json("JSON on the wire", wire)]),
      ...(request ? [h("button", { type: "button", onclick: () => copy(request) }, "Copy request as curl")] : []),
    );
  }
}

/** @param {string} label @param {any} value */
function json(label, value) {
  return h("pre", { tabindex: "0", "aria-label": label }, JSON.stringify(value, null, 2));
}

/** The request that an event tells of, as a curl line; null for an event without one. @param {CallEvent} event @param {CallEvent[]} events */
export function requestOf(event, events) {
  if (event.kind === "voice-asked") {
    const message = { type: "voice-request", text: event.text, sampleRate: RATE };
    return `${post("/api/custom-voice", { message })} \\\n  --output said.pcm  # 16-bit mono at ${RATE} Hz`;
  }
  if (event.kind !== "endpointing") return null;
  const heard = [...events].reverse().find((one) => one.at <= event.at && /^(final|partial)$/.test(one.kind) && one.detail !== "assistant");
  if (!heard) return null;
  const messages = [{ role: "user", message: heard.text }];
  return post("/api/custom-endpointing", { message: { type: "call.endpointing.request", messages } });
}

/** @param {string} path @param {any} body */
function post(path, body) {
  const head = `curl ${quoted(location.origin + path)} -H "X-Vapi-Secret: $VAPI_SECRET" -H 'Content-Type: application/json'`;
  return `${head} \\\n  -d ${quoted(JSON.stringify(body))}`;
}

customElements.define("event-detail", EventDetail);
