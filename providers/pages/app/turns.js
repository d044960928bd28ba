// <turn-list>: where the caller's waiting went, turn by turn, in the platform's four names.

import { h } from "./dom.js";
import { clock, seconds } from "./format.js";
import { PARTS } from "./marks.js";

/** @typedef {import("./marks.js").Turn} Turn */

export class TurnList extends HTMLElement {
  /** @param {Turn[]} turns */
  show(turns) {
    if (!turns.length) {
      this.replaceChildren(h("p", { class: "quiet" }, "No turn has been answered yet."));
      return;
    }
    const longest = Math.max(...turns.map((turn) => turn.total), 0.001);
    this.replaceChildren(legend(), h("ol", { class: "turns" }, ...turns.map((turn) => row(turn, longest))));
  }
}

function legend() {
  const items = PARTS.map((part) => h("li", {}, h("i", { class: `swatch ${part}` }), part));
  return h("ul", { class: "legend", "aria-hidden": "true" }, ...items);
}

/** @param {Turn} turn @param {number} longest seconds */
function row(turn, longest) {
  const told = PARTS.map((part) => `${part} ${seconds(turn[part])}`).join(", ");
  const bar = h("div", { class: "bar", role: "img", "aria-label": told, title: told });
  for (const part of PARTS) {
    const segment = h("i", { class: `part ${part}` });
    segment.style.width = `${(100 * turn[part]) / longest}%`;
    bar.append(segment);
  }
  const jump = h("button", { type: "button", class: "link", "aria-label": `Show ${clock(turn.at)} on the timeline` }, clock(turn.at));
  const item = h(
    "li",
    { class: turn.part ? "slow" : "" },
    h("div", { class: "turn-head" }, jump, h("strong", {}, seconds(turn.total))),
    bar,
    h("p", {}, `${turn.explanation.charAt(0).toUpperCase()}${turn.explanation.slice(1)}.`),
  );
  jump.addEventListener("click", () => item.dispatchEvent(new CustomEvent("jump", { detail: turn.at, bubbles: true })));
  return item;
}

customElements.define("turn-list", TurnList);
