
const { WebSocketServer } = require("ws");
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("listening", () => console.log("http://127.0.0.1:" + server.address().port));
server.on("connection", (socket) => {
  let heard = 0, told = 0;
  socket.on("message", (data, isBinary) => {
    if (!isBinary) return;
    const frames = data.length >> 2;
    const both = new Int16Array(data.buffer, data.byteOffset, frames * 2);
    const left = new Int16Array(frames), right = new Int16Array(frames);
    for (let i = 0; i < frames; i++) { left[i] = both[2 * i]; right[i] = both[2 * i + 1]; }
    heard += left.length;
    while (heard >= (told + 1) * 16000) {
      told++;
      socket.send(JSON.stringify({ type: "transcriber-response", transcription: "second " + told + ".",
                                   channel: "customer", transcriptType: "final" }));
    }
  });
});
