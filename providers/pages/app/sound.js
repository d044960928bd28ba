// Microphone and loudspeaker of a call, each behind an audio worklet.

const MICROPHONE = { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false };

export class Sound extends EventTarget {
  /** @param {number} rate Hz of the call @param {(frame: ArrayBuffer) => void} onFrame takes what the microphone hears */
  constructor(rate, onFrame) {
    super();
    this.rate = rate;
    this.onFrame = onFrame;
    this.muted = false;
    /** Why there is no microphone; empty when there is one, or none is wanted. */
    this.fault = "";
    this.context = new AudioContext();
    /** @type {AudioWorkletNode|null} */
    this.player = null;
    /** @type {MediaStream|null} */
    this.stream = null;
  }

  /** Open loudspeaker and microphone. @param {boolean} microphone */
  async open(microphone) {
    const { context } = this;
    await context.audioWorklet.addModule("page/player-worklet.js");
    const options = { processorOptions: { rate: this.rate }, outputChannelCount: [1] };
    this.player = new AudioWorkletNode(context, "player", { ...options, numberOfInputs: 0 });
    this.player.port.onmessage = ({ data }) => this.dispatchEvent(new CustomEvent("played", { detail: data }));
    this.player.connect(context.destination);
    if (microphone) await this.#listen();
    await context.resume();
  }

  async #listen() {
    try {
      if (!navigator.mediaDevices) throw new Error("browsers give a microphone to https:// and to this machine's own pages");
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE });
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
      return;
    }
    await this.context.audioWorklet.addModule("page/microphone-worklet.js");
    const node = new AudioWorkletNode(this.context, "microphone", { numberOfOutputs: 0, processorOptions: { rate: this.rate } });
    node.port.onmessage = ({ data }) => {
      if (!this.muted) this.onFrame(data);
    };
    this.context.createMediaStreamSource(this.stream).connect(node);
  }

  /** Play mono samples. @param {Int16Array} samples */
  play(samples) {
    this.player?.port.postMessage(samples.buffer, [samples.buffer]);
  }

  /** Drop what has not been played. */
  stop() {
    this.player?.port.postMessage("stop");
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.context.close();
  }
}
