// A client of the WebSocket transport, written from its page: POST /call, binary audio both ways, JSON in between.
// node transport_client.mjs BASE ASSISTANT_ID; prints what it saw as JSON. NODE_PATH may name the folder of ws.
import { createRequire } from 'node:module';

const [base, assistantId] = process.argv.slice(2);
const Socket = globalThis.WebSocket ?? createRequire(import.meta.url)('ws');
const rate = 44100;

const answer = await fetch(`${base}/call`, {
  method: 'POST',
  headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
  body: JSON.stringify({
    assistantId,
    transport: { provider: 'vapi.websocket', audioFormat: { format: 'pcm_s16le', container: 'raw', sampleRate: rate } },
  }),
});
if (answer.status !== 201) throw new Error(await answer.text());
const call = await answer.json();

const seen = { created: call.status, types: [], wrapped: 0, loudest: 0, code: null };
const lengths = new Set();
const socket = new Socket(call.transport.websocketCallUrl);
socket.binaryType = 'arraybuffer';

// Two words of the language of tones (1 kHz apart from each other), 20 ms at a time on a timer, then silence.
const words = [400, 550];
let sent = 0;
const chunk = () => {
  const samples = new Int16Array(rate / 50);
  for (let index = 0; index < samples.length; index += 1) {
    const time = (sent + index) / rate - 0.2;
    const word = Math.floor(time / 0.26);
    const within = time - word * 0.26;
    const frequency = time >= 0 && within < 0.2 ? words[word] : undefined;
    if (frequency) samples[index] = 9830 * Math.sin(2 * Math.PI * frequency * within);
  }
  sent += samples.length;
  return samples.buffer;
};

let timer;
socket.onopen = () => {
  for (let ahead = 0; ahead < 10; ahead += 1) socket.send(chunk());
  const begin = performance.now();
  timer = setInterval(() => {
    while (sent / rate - 0.2 < (performance.now() - begin) / 1000) {
      if (socket.bufferedAmount < 32 * 1024) socket.send(chunk());
    }
  }, 20);
};
socket.onmessage = ({ data }) => {
  if (typeof data !== 'string') {
    lengths.add(data.byteLength);
    for (const sample of new Int16Array(data)) seen.loudest = Math.max(seen.loudest, sample);
    return;
  }
  const message = JSON.parse(data);
  if (message.message) seen.wrapped += 1;
  if (!seen.types.includes(message.type)) seen.types.push(message.type);
  const over = message.type === 'speech-update' && message.role === 'assistant' && message.status === 'stopped';
  if (over) socket.send(JSON.stringify({ type: 'end-call' }));
};
socket.onclose = ({ code }) => {
  clearInterval(timer);
  console.log(JSON.stringify({ ...seen, code, frameBytes: [...lengths] }));
};
