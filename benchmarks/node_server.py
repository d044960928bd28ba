"""Node's ``ws`` doing the same work, where both are installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.served import Served

NODE_SERVER = """
const { WebSocketServer } = require("ws");
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("listening", () => console.log("http://127.0.0.1:" + server.address().port));
server.on("connection", (socket) => {
  let heard = 0, told = 0;
  socket.on("message", (data, isBinary) => {
    if (!isBinary) return;
    const frames = data.length >> 2;  // a message's bytes may begin at an odd address: no typed array over them
    const left = new Int16Array(frames), right = new Int16Array(frames);
    for (let i = 0; i < frames; i++) { left[i] = data.readInt16LE(4 * i); right[i] = data.readInt16LE(4 * i + 2); }
    heard += left.length;
    while (heard >= (told + 1) * 16000) {
      told++;
      socket.send(JSON.stringify({ type: "transcriber-response", transcription: "second " + told + ".",
                                   channel: "customer", transcriptType: "final" }));
    }
  });
});
"""
"""The smallest server that does the same: splits every frame and answers one final per second of audio."""


def node_missing() -> str:
    """Why Node cannot take part; empty when it can."""
    if shutil.which("node") is None:
        return "it is not installed"
    found = subprocess.run(["node", "-e", "require('ws')"], capture_output=True, check=False)
    return "" if found.returncode == 0 else "its package ws is not found; 'npm install ws' in this folder brings it"


@contextmanager
def node_server() -> Iterator[Served | None]:
    """Run Node's server until the block ends; None where Node is missing."""
    if node_missing():
        yield None
        return
    with tempfile.NamedTemporaryFile("w", suffix=".cjs", dir=Path.cwd()) as script:
        script.write(NODE_SERVER)
        script.flush()
        process = subprocess.Popen(["node", script.name], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rsplit(":", 1)[1])
            yield Served("127.0.0.1", port, process.pid)
        finally:
            process.terminate()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
