"""``WS /api/custom-transcriber``: the call's flow over a Starlette WebSocket."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from functools import partial

import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from providers import telemetry
from providers.auth import Authenticator
from providers.calls.notes import SocketNotes
from providers.calls.noting import noting
from providers.calls.registry import Calls
from providers.engines.base import SpeechToText, with_options
from providers.errors import AtCapacity, CallerGone, CallRefused, RequestError
from providers.inbound import check_connection, loggable_path
from providers.operations.call_gate import CallGate
from providers.operations.drain import Drain
from providers.operations.labels import refusal_of
from providers.operations.metrics import Metrics
from providers.transcriber import flow, wire

log = structlog.get_logger()


async def upgrade_required(request: Request) -> Response:
    """Response 426 to a plain request: the wrong scheme, or a proxy that drops the Upgrade headers."""
    sentence = "this is a WebSocket: expected an upgrade (wss://), found a plain request; a proxy may have dropped it"
    return JSONResponse({"error": sentence}, 426, {"Upgrade": "websocket", "Connection": "Upgrade"})


@dataclass(frozen=True, slots=True)
class CustomTranscriber:
    """The transcriber endpoint as an ASGI application."""

    engine: SpeechToText
    authenticator: Authenticator
    gate: CallGate
    metrics: Metrics
    calls: Calls
    options: flow.CallOptions = flow.CallOptions()
    drain: Drain = field(default_factory=Drain)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the upgrade, or serve the call until it ends."""
        socket = WebSocket(scope, receive, send)
        try:
            check_connection(self.authenticator, HTTPConnection(scope))
            self.drain.admit()
            with self.gate.admit():
                await socket.accept()
                notes = self.calls.open_socket(scope["query_string"], customer=1 if self.options.swap else 0)
                logging = structlog.contextvars.bound_contextvars(call=notes.record.name)
                with noting(notes), logging, telemetry.serving("call", socket.headers) as span:
                    end = await self._serve(self._chosen(socket), notes, receive, send)
                    span.set(code=end.code, by=end.by, call=notes.record.name, call_id=notes.record.call_id or None)
                    if end.by == "server":
                        span.fail(end.reason)
        except RequestError as error:
            await socket.receive()  # the connect message has to be taken before it can be denied
            await socket.send_denial_response(self._refusal(error, scope["path"]))

    def _refusal(self, error: RequestError, path: str) -> Response:
        """The response to an upgrade that is refused."""
        self.metrics.server.refused("transcriber", refusal_of(error) or "bad-request")
        if not isinstance(error, AtCapacity):
            return JSONResponse({"error": str(error)}, error.status)
        log.warning("refused", path=loggable_path(path), reason=str(error))
        body = {"error": str(error), "reason": error.reason}
        return JSONResponse(body, error.status, {"Retry-After": f"{error.retry_after:g}"})

    def _chosen(self, socket: WebSocket) -> SpeechToText:
        """The engine, with the model and the language of the URL's query if the engine supports that."""
        query = socket.query_params
        return with_options(self.engine, model=query.get("model"), language=query.get("language"))

    async def _serve(self, engine: SpeechToText, notes: SocketNotes, receive: Receive, send: Send) -> _End:
        """Serve the call with raw ASGI messages, because this runs for every frame of every call."""
        end = _End()

        async def next_frame() -> str | bytes | None:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                end.set(message.get("code", 1006), message.get("reason") or "", by=message.get("by", "caller"))
                end.told = True
                return None
            data: bytes | None = message.get("bytes")
            text: str | None = message.get("text")
            return data if data is not None else text or ""

        async def send_text(text: str) -> None:
            try:
                await send({"type": "websocket.send", "text": text})
            except OSError:
                raise CallerGone("a transcript could not be sent") from None

        call = flow.Call(engine, self.options, notes, sent=partial(self._count, notes))
        with self.drain.call(call):
            await self._run(call, next_frame, send_text, end)
            if not end.told:
                with contextlib.suppress(OSError):  # the caller hung up meanwhile
                    await send({"type": "websocket.close", "code": end.code, "reason": end.reason})
        return end

    async def _run(self, call: flow.Call, next_frame: flow.Receive, send_text: flow.Send, end: _End) -> None:
        """Run the call and note how it ended."""
        begun = time.perf_counter()
        self.metrics.calls.active.inc()
        self.gate.follow(call, lambda: call.backlog)
        try:
            await call.run(next_frame, send_text)
        except CallRefused as refused:
            end.set(refused.code, refused.reason, by="server")
        except CallerGone:
            end.set(1006, "the connection broke while a transcript was sent", by="caller")
            end.told = True
        except Exception:
            log.exception("a call failed")
            end.set(wire.INTERNAL_ERROR, "internal error", by="server")
        finally:
            self.gate.forget(call)
            self.calls.close_socket(call.notes, code=end.code, by=end.by)
            self.metrics.calls.active.dec()
            self.metrics.calls.ended(call.stats, end.code)
            self._log(call, end, time.perf_counter() - begun)

    def _count(self, notes: SocketNotes, lag: float | None, *, final: bool) -> None:
        """Count a transcript that was sent."""
        call_id = notes.record.call_id or notes.record.name
        self.metrics.calls.transcript(lag, final=final, engine=self.engine.name, call_id=call_id)

    def _log(self, call: flow.Call, end: _End, seconds: float) -> None:
        stats, record = call.stats, call.notes.record
        log.log(
            30 if end.by == "server" else 20,
            "call",
            engine=self.engine.name,
            rate=stats.rate,
            channels=stats.channels,
            frames=stats.frames,
            audio_s=round(stats.audio, 2),
            seconds=round(seconds, 2),
            partials=stats.partials,
            finals=stats.finals,
            code=end.code,
            reason=end.reason,
            by=end.by,
            call_id=record.call_id or None,
        )


@dataclass(slots=True)
class _End:
    """End of a call: cancelled, unless something else is set."""

    code: int = 1001
    """WebSocket close code; 1006 is a broken connection."""
    reason: str = "cancelled"
    by: str = "server"
    """Side that closed: caller or server."""
    told: bool = False
    """Whether the connection is closed already."""

    def set(self, code: int, reason: str, *, by: str) -> None:
        self.code, self.reason, self.by = code, reason, by
