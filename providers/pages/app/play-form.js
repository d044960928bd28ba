// <play-form>: how the next call is to be: engines, words, plans.

import { h } from "./dom.js";

const KEPT = "vapi-providers playground";

/**
 * @typedef {{name: string, label: string, value: any, kind?: string, choices?: [string, string][], min?: number, max?: number,
 *   step?: number, hint?: string, rows?: number, unit?: string}} Field
 */

export class PlayForm extends HTMLElement {
  constructor() {
    super();
    /** @type {Record<string, HTMLInputElement|HTMLSelectElement|HTMLTextAreaElement>} */
    this.inputs = {};
  }

  /** Draw the form. @param {{voice: string, transcriber: string, playground: {voice: string[], transcriber: string[]}}} facts */
  show(facts) {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    const make = (/** @type {Field} */ field) => this.#field({ ...field, value: kept[field.name] ?? field.value });
    this.replaceChildren(
      h("div", { class: "fields" }, ...common(facts).map(make)),
      group("Model", MODEL.map(make)),
      group("When the assistant starts", START.map(make)),
      group("When the caller interrupts", STOP.map(make)),
    );
    this.addEventListener("change", () => {
      this.#keep();
      this.#fit();
    });
    this.#fit();
  }

  /** The first message of a call. */
  get start() {
    const v = this.#values();
    const waits = { onPunctuationSeconds: v.punctuation, onNoPunctuationSeconds: v.noPunctuation, onNumberSeconds: v.number };
    const assistant = {
      firstMessage: v.firstMessage || null,
      firstMessageMode: v.firstMessage ? "assistant-speaks-first" : "assistant-waits-for-user",
      firstMessageInterruptionsEnabled: true,
      model: { messages: v.prompt ? [{ role: "system", content: v.prompt }] : [] },
      voice: { voiceId: v.voiceId || null },
      startSpeakingPlan: { waitSeconds: v.wait, transcriptionEndpointingPlan: waits },
      stopSpeakingPlan: { numWords: v.numWords, voiceSeconds: v.voiceSeconds, backoffSeconds: v.backoff },
    };
    const replies = String(v.replies).split("\n").map((line) => line.trim()).filter(Boolean);
    const model = { kind: v.model, replies, url: v.url, name: v.modelName };
    return { rate: Number(v.rate), voice: v.voice, transcriber: v.transcriber, endpointing: v.endpointing === "own", model, assistant };
  }

  get microphone() {
    return /** @type {HTMLInputElement} */ (this.inputs.microphone).checked;
  }

  #values() {
    return Object.fromEntries(
      Object.entries(this.inputs).map(([name, input]) => [name, input instanceof HTMLInputElement && input.type === "number" ? Number(input.value) : input.value]),
    );
  }

  #keep() {
    const { microphone, ...values } = this.#values();
    sessionStorage.setItem(KEPT, JSON.stringify(values));
  }

  /** Show the fields that the choices need. */
  #fit() {
    const shown = { replies: this.inputs.model.value === "scripted", url: this.inputs.model.value === "url", modelName: this.inputs.model.value === "url", prompt: this.inputs.model.value === "url" };
    for (const [name, visible] of Object.entries(shown)) this.inputs[name].closest("label")?.toggleAttribute("hidden", !visible);
  }

  /** @param {Field} field */
  #field(field) {
    const input = inputOf(field);
    this.inputs[field.name] = input;
    const caption = h("span", {}, field.label, field.unit ? h("small", {}, ` ${field.unit}`) : null);
    if (field.kind === "checkbox") return h("label", { class: "check" }, input, caption);
    return h("label", {}, caption, input, field.hint ? h("small", {}, field.hint) : null);
  }
}

/** @param {Field} field */
function inputOf(field) {
  if (field.choices) {
    const options = field.choices.map(([value, label]) => h("option", { value, selected: value === String(field.value) }, label));
    return h("select", { name: field.name }, ...options);
  }
  if (field.rows) {
    const area = h("textarea", { name: field.name, rows: field.rows });
    area.value = String(field.value);
    return area;
  }
  const { name, kind = "text", min, max, step, value } = field;
  return h("input", { name, type: kind, min, max, step, ...(kind === "checkbox" ? { checked: value === true } : { value }) });
}

/** @param {string} name @param {HTMLElement[]} fields */
function group(name, fields) {
  return h("details", {}, h("summary", {}, name), h("div", { class: "fields" }, ...fields));
}

/** @param {any} facts @returns {Field[]} */
function common(facts) {
  const engines = (/** @type {"voice"|"transcriber"} */ kind) => /** @type {[string, string][]} */ ([
    ["", `the server's own (${facts[kind]})`],
    ...facts.playground[kind].map((/** @type {string} */ name) => [name, name]),
  ]);
  return [
    { name: "voice", label: "Voice", value: "", choices: engines("voice") },
    { name: "voiceId", label: "Voice name", value: "", hint: "Empty is the engine's default." },
    { name: "transcriber", label: "Transcriber", value: "", choices: engines("transcriber") },
    { name: "rate", label: "Sample rate", value: "16000", choices: [["8000", "8 kHz (telephone)"], ["16000", "16 kHz"], ["24000", "24 kHz"], ["48000", "48 kHz"]] },
    { name: "firstMessage", label: "First message", value: "Hello, how can I help you today?", rows: 2, hint: "Empty: the caller speaks first." },
    { name: "microphone", label: "Use the microphone", value: true, kind: "checkbox" },
  ];
}

/** @type {Field[]} */
const MODEL = [
  { name: "model", label: "Replies", value: "echo", choices: [["echo", "repeats what it heard"], ["scripted", "lines written below"], ["url", "an OpenAI-compatible model"]] },
  { name: "replies", label: "Lines, one reply each", value: "Of course. On which day would you like to come?\nThank you. See you then!", rows: 3 },
  { name: "url", label: "Base address", value: "http://127.0.0.1:11434/v1" },
  { name: "modelName", label: "Model", value: "" },
  { name: "prompt", label: "System prompt", value: "", rows: 3 },
];

/** @param {string} name @param {string} label @param {number} value @param {number} max @returns {Field} */
const wait = (name, label, value, max) => ({ name, label, value, kind: "number", min: 0, max, step: 0.1, unit: "s" });

/** @type {Field[]} */
const START = [
  { name: "endpointing", label: "A turn ends", value: "own", choices: [["own", "when this server's endpointing says so"], ["plan", "by the waits below"]] },
  wait("wait", "Wait before speaking", 0.4, 5),
  wait("punctuation", "After a closing mark", 0.1, 3),
  wait("noPunctuation", "Without one", 1.5, 3),
  wait("number", "After a number", 0.5, 3),
];

/** @type {Field[]} */
const STOP = [
  { name: "numWords", label: "Words that interrupt", value: 0, kind: "number", min: 0, max: 10, step: 1, hint: "0: the caller's voice alone." },
  wait("voiceSeconds", "Voice that interrupts", 0.2, 0.5),
  wait("backoff", "Silence afterwards", 1, 10),
];

customElements.define("play-form", PlayForm);
