// <call-transcript>: what both sides said, each line with its time.

import { h } from "./dom.js";
import { clock } from "./format.js";

/** @typedef {{at: number, speaker: string, text: string, partial?: boolean}} Line */

export class CallTranscript extends HTMLElement {
  /** @param {Line[]} lines @param {string} [hearing] the partial that no final has replaced yet */
  show(lines, hearing = "") {
    if (!lines.length && !hearing) {
      this.replaceChildren(h("p", { class: "quiet" }, "Nothing has been said yet."));
      return;
    }
    const rows = lines.map((line) => said(line));
    if (hearing) rows.push(h("li", { class: "customer hearing" }, h("span", {}, h("b", {}, "customer"), h("time", {}, "now")), h("p", {}, `${hearing} …`)));
    this.replaceChildren(h("ol", { class: "lines" }, ...rows));
  }
}

/** @param {Line} line */
function said(line) {
  const jump = h("button", { type: "button", class: "link", "aria-label": `Show ${clock(line.at)} on the timeline` }, clock(line.at));
  const item = h("li", { class: line.speaker }, h("span", {}, h("b", {}, line.speaker), jump), h("p", {}, line.text));
  jump.addEventListener("click", () => item.dispatchEvent(new CustomEvent("jump", { detail: line.at, bubbles: true })));
  return item;
}

/** Partials of the customer's that no final has replaced. @param {import("./kinds.js").CallEvent[]} events */
export function stillHearing(events) {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    if (event.detail === "assistant") continue;
    if (event.kind === "final" || event.kind === "closed") return "";
    if (event.kind === "partial") return event.text ?? "";
  }
  return "";
}

customElements.define("call-transcript", CallTranscript);
