// <page-shell>: the page's frame. The part of the address after # says what is shown.

import "./call-list.js";
import "./call-view.js";
import "./play-view.js";
import { askJson, keepToken, Refused, server, takeToken } from "./api.js";
import { h } from "./dom.js";

class PageShell extends HTMLElement {
  constructor() {
    super();
    this.list = /** @type {import("./call-list.js").CallList} */ (document.createElement("call-list"));
    this.content = h("main", { id: "content" });
    this.who = h("p", { class: "who" });
  }

  connectedCallback() {
    takeToken();
    this.addEventListener("refused", () => this.#askForToken());
    addEventListener("hashchange", () => (location.hash.startsWith("#token=") ? location.reload() : this.#route()));
    this.#begin();
  }

  async #begin() {
    try {
      const facts = await askJson("api/page");
      server.facts = facts;
      this.who.textContent = `${facts.voice} speaks, ${facts.transcriber} listens · ${facts.version}`;
      this.#frame();
      this.#route();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.#askForToken();
      else this.replaceChildren(h("p", { class: "fault", role: "alert" }, "The server cannot be reached."));
    }
  }

  #frame() {
    const home = h("a", { class: "home", href: "#/" }, h("img", { src: "page/icon.svg", alt: "", width: 28, height: 28 }), h("span", {}, "vapi-providers"));
    const links = h("nav", { "aria-label": "Pages" }, h("a", { href: "#/", class: "tab" }, "Calls"), ...(server.facts.playground ? [h("a", { href: "#/play", class: "tab" }, "Playground")] : []), h("a", { href: "docs", class: "tab" }, "Routes"));
    this.replaceChildren(h("a", { class: "skip", href: "#content" }, "To the content"), h("header", { class: "top" }, home, links, this.who), this.content);
    this.querySelector(".skip")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.content.querySelector(/** @type {"a"} */ ("a, button, [tabindex='0']"))?.focus();
    });
  }

  #route() {
    const playing = location.hash === "#/play" && server.facts.playground;
    for (const tab of this.querySelectorAll(".tab")) {
      const current = tab.getAttribute("href") === (playing ? "#/play" : "#/");
      if (current) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const [, place, call] = /^#\/(calls|recordings)\/(.+)$/.exec(location.hash) ?? [];
    if (playing) this.#play();
    else this.#calls(call === undefined ? "" : decodeURIComponent(call), place === "recordings");
  }

  #play() {
    document.title = "Playground – vapi-providers";
    this.content.className = "play-page";
    const view = /** @type {import("./play-view.js").PlayView} */ (document.createElement("play-view"));
    this.content.replaceChildren(view);
    view.open(server.facts);
  }

  /** The list, and one call beside it. @param {string} id @param {boolean} recorded */
  #calls(id, recorded) {
    document.title = id ? `Call ${id} – vapi-providers` : "Calls – vapi-providers";
    this.content.className = id ? "calls-page one" : "calls-page";
    if (!this.list.isConnected) {
      this.content.replaceChildren(h("section", { class: "side", "aria-label": "Calls" }, h("h1", {}, "Calls"), this.list), h("section", { class: "shown", "aria-label": "Call" }));
    }
    this.list.choose(id);
    const place = /** @type {HTMLElement} */ (this.content.querySelector(".shown"));
    if (!id) {
      place.replaceChildren(h("p", { class: "quiet hint" }, "Choose a call to see where its time went."));
      return;
    }
    const view = /** @type {import("./call-view.js").CallView} */ (document.createElement("call-view"));
    place.replaceChildren(view);
    view.recorded = recorded;
    view.open(id);
  }

  #askForToken() {
    const field = h("input", { type: "password", name: "token", required: true, autocomplete: "off", id: "token" });
    const form = h(
      "form",
      { class: "card ask" },
      h("h1", {}, "This page needs a token"),
      h("p", {}, "Run ", h("code", {}, "vapi-providers open"), " on the server's machine, which opens this page with one. Or give a token or the server's secret here:"),
      h("label", { for: "token" }, "Token or secret"),
      field,
      h("button", { class: "primary" }, "Open"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      keepToken(field.value);
      this.#begin();
    });
    this.replaceChildren(h("main", { class: "asking" }, form));
    field.focus();
  }
}

customElements.define("page-shell", PageShell);
