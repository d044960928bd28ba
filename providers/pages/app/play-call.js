// One playground call: the socket, the sound, and what was sent and received, told as events.

import { token } from "./api.js";
import { Sound } from "./sound.js";
import { Tape } from "./tape.js";

/**
 * Events: `ready` (call id), `event` (the conversation's log), `level` (0 … 1 of both sides), `over` (reason, fault).
 */
export class PlayCall extends EventTarget {
  /** @param {Record<string, any>} start the first message @param {boolean} microphone */
  constructor(start, microphone) {
    super();
    this.start = start;
    this.microphone = microphone;
    this.id = "";
    this.over = false;
    this.tape = new Tape(start.rate);
    /** @type {Record<string, any[]>} */
    this.wires = {};
    this.heard = { played: 0, dropped: 0, loudest: 0 };
    /** @type {WebSocket|null} */
    this.socket = null;
    this.sound = new Sound(start.rate, (frame) => this.#send(frame));
    this.sound.addEventListener("played", (event) => this.#played(/** @type {CustomEvent} */ (event).detail));
  }

  async dial() {
    await this.sound.open(this.microphone);
    const url = new URL("api/playground", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    const socket = new WebSocket(url, token() ? ["playground", `token.${token()}`] : ["playground"]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#send(JSON.stringify({ ...this.start, type: "start" }));
    socket.onmessage = ({ data }) => (data instanceof ArrayBuffer ? this.#frame(data) : this.#told(JSON.parse(data)));
    socket.onclose = () => this.#end("", this.id ? "" : "The server did not take the call.");
    this.socket = socket;
  }

  /** Speak a line in the caller's place. @param {string} text */
  say(text) {
    this.#send(JSON.stringify({ type: "say", text }));
  }

  hangUp() {
    if (this.socket?.readyState === WebSocket.OPEN) this.#send(JSON.stringify({ type: "hang-up" }));
    else this.#end("", "");
  }

  /** @param {string|ArrayBuffer} message */
  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  /** @param {ArrayBuffer} frame */
  #frame(frame) {
    this.sound.play(this.tape.take(frame));
  }

  /** @param {any} message */
  #told(message) {
    if (message.type === "ready") {
      this.id = message.call;
      this.#tell("ready", message.call);
    } else if (message.type === "event") this.#tell("event", message);
    else if (message.type === "wire") (this.wires[message.kind] ??= []).push(message.content);
    else if (message.type === "stop") this.sound.stop();
    else if (message.type === "error") this.#end("", message.error);
    else if (message.type === "ended") this.#end(message.reason, "");
  }

  /** @param {{played: number, dropped: number, loudest: number}} report */
  #played(report) {
    this.heard = report;
    this.#send(JSON.stringify({ type: "played", samples: report.played, dropped: report.dropped }));
    this.#tell("level", { customer: this.tape.level, assistant: report.loudest });
  }

  /** @param {string} reason @param {string} fault */
  #end(reason, fault) {
    if (this.over) return;
    this.over = true;
    this.sound.close();
    this.socket?.close();
    this.#tell("over", { reason, fault });
  }

  /** @param {string} kind @param {any} detail */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
