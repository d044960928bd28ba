// <replay-panel>: a recorded call once more under other settings, and what another ear hears in it.

import { events, server } from "./api.js";
import { changed, difference } from "./diff.js";
import { h } from "./dom.js";
import { counted } from "./format.js";

export class ReplayPanel extends HTMLElement {
  constructor() {
    super();
    this.name = "";
    this.heard = "";
    this.stop = new AbortController();
    this.progress = h("progress", { value: 0, max: 1, hidden: true, "aria-label": "Replayed" });
    this.told = h("p", { class: "quiet", role: "status" });
    this.result = h("p", { class: "difference" });
    this.button = h("button", { class: "primary" }, "Replay");
  }

  disconnectedCallback() {
    this.stop.abort();
  }

  /** @param {import("./call-picture.js").Call} call */
  show(call) {
    this.name = call.id;
    this.heard = call.transcript.filter((line) => line.speaker !== "assistant").map((line) => line.text).join(" ");
    const engines = /** @type {string[]} */ (server.facts.playground?.transcriber ?? []);
    const form = h(
      "form",
      { class: "fields replay" },
      choice("transcriber", "Transcriber", [["", "the server's own"], ...engines.map((name) => /** @type {[string, string]} */ ([name, name]))]),
      choice("denoise", "Background filter", [["", "as set"], ["true", "on"], ["false", "off"]]),
      choice("echo", "Echo", [["", "as set"], ["off", "left in"], ["gate", "gate"], ["cancel", "cancelled"]]),
      choice("speed", "Pace", [["4", "4 × real time"], ["1", "real time"], ["8", "8 × real time"]]),
      this.button,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)])));
    });
    this.replaceChildren(h("h3", {}, "The same call under other settings"), form, this.progress, this.told, this.result);
  }

  /** @param {Record<string, string>} chosen */
  async #run({ transcriber, denoise, echo, speed }) {
    const body = { recording: this.name, transcriber, denoise: denoise ? denoise === "true" : null, echo: echo || null, speed: Number(speed) };
    this.stop.abort();
    this.stop = new AbortController();
    this.button.disabled = true;
    this.progress.hidden = false;
    this.progress.value = 0;
    this.told.textContent = "Starting …";
    this.result.replaceChildren();
    /** @type {string[]} */
    const lines = [];
    try {
      for await (const { event, data } of events("api/replay", this.stop.signal, body)) {
        if (event === "progress") this.#progressed(data);
        if (event === "final" && data.speaker !== "assistant") lines.push(data.text);
        if (event === "error") throw new Error(data.error);
        if (event === "final" || event === "done") this.#compare(lines.join(" "), event === "done");
      }
    } catch (error) {
      if (!this.stop.signal.aborted) this.told.textContent = `Not replayed: ${error instanceof Error ? error.message : error}`;
    } finally {
      this.button.disabled = false;
      this.progress.hidden = true;
    }
  }

  /** @param {{seconds: number, of: number}} data */
  #progressed({ seconds, of }) {
    this.progress.value = of ? seconds / of : 1;
    this.told.textContent = `${seconds.toFixed(0)} of ${of.toFixed(0)} s`;
  }

  /** @param {string} after @param {boolean} whole */
  #compare(after, whole) {
    const pieces = difference(this.heard, after);
    const marks = { same: "span", before: "del", after: "ins" };
    this.result.replaceChildren(
      ...pieces.flatMap(({ kind, words }) => [h(/** @type {"span"} */ (marks[kind]), {}, words.join(" ")), " "]),
    );
    if (!whole) return;
    const { words, changes } = changed(pieces);
    this.told.textContent = changes ? `${changes} of ${counted(words, "word")} differ. Struck out: heard in the call; underlined: heard now.` : "The same words.";
  }
}

/** @param {string} name @param {string} label @param {[string, string][]} choices */
function choice(name, label, choices) {
  return h("label", {}, h("span", {}, label), h("select", { name }, ...choices.map(([value, text]) => h("option", { value }, text))));
}

customElements.define("replay-panel", ReplayPanel);
