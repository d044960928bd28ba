"""The sockets of a call: the transport, with audio and words both ways, and the one for those who listen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from providers.emulator.platform.api_errors import ApiError
from providers.emulator.platform.calls import Call
from providers.emulator.platform.client_messages import read_client_message
from providers.emulator.platform.outbox import Outbox
from providers.emulator.platform.platform import Platform
from providers.emulator.platform.run import CallRun

_log = logging.getLogger(__name__)

_UNREAD = 10.0
"""Seconds after which a client that reads nothing is given up."""

_GOODBYE = 2.0
"""Seconds for a close frame to go out."""

Endpoint = Callable[[WebSocket], Awaitable[None]]


def transport(platform: Platform) -> Endpoint:
    """``/{id}/transport``: the call itself; it begins when this socket opens and ends with it."""

    async def serve(socket: WebSocket) -> None:
        try:
            run = await platform.pick_up(socket.path_params["id"])
        except ApiError as refused:
            await socket.send_denial_response(refused.response())
            return
        try:
            await socket.accept()
            await _converse(socket, run)
        finally:
            run.hang_up()
            await platform.ended(run.call.id)

    return serve


async def _converse(socket: WebSocket, run: CallRun) -> None:
    """Audio and words both ways until either side ends the call."""
    reading = asyncio.create_task(_read(socket, run))
    writing = asyncio.create_task(_write(socket, run.outbox))
    try:
        await asyncio.wait([reading, writing], return_when=asyncio.FIRST_COMPLETED)
        run.hang_up()  # nothing where the call has ended; else the client is gone, or reads nothing
    finally:
        for task in (reading, writing):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, TimeoutError, RuntimeError):
                await task
    await _goodbye(socket)


async def _read(socket: WebSocket, run: CallRun) -> None:
    while True:
        event = await socket.receive()
        if event["type"] == "websocket.disconnect":
            return
        if event.get("bytes"):
            run.heard(event["bytes"])
            await run.caller.room()  # a caller faster than real time is slowed down by TCP
        elif event.get("text") is not None:
            try:
                run.client_message(read_client_message(event["text"]))
            except ApiError as fault:
                _log.warning("call %s: a message of the client's was ignored: %s", run.call.id, fault)


async def _write(socket: WebSocket, outbox: Outbox) -> None:
    try:
        await outbox.drain(_sender(socket), longest=_UNREAD)
    except TimeoutError:
        _log.warning("the client has read nothing for %g seconds", _UNREAD)


def _sender(socket: WebSocket) -> Callable[[bytes | str], Awaitable[None]]:
    async def send(item: bytes | str) -> None:
        if isinstance(item, bytes):
            await socket.send_bytes(item)
        else:
            await socket.send_text(item)

    return send


async def _goodbye(socket: WebSocket) -> None:
    if socket.client_state is WebSocketState.CONNECTED and socket.application_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await socket.close(1000)


def listen(platform: Platform) -> Endpoint:
    """``/{id}/listen``: both sides as stereo PCM, the customer on channel 0, after a message that says so."""

    async def serve(socket: WebSocket) -> None:
        try:
            run = _heard_by_others(platform, platform.calls.get(socket.path_params["id"]))
            with run.listening() as outbox:
                await socket.accept()
                await socket.send_text(msgspec.json.encode(_start(run)).decode())
                await _tell(socket, outbox)
        except ApiError as refused:
            await socket.send_denial_response(refused.response())

    return serve


def _heard_by_others(platform: Platform, call: Call) -> CallRun:
    if not (call.request.assistant.get("monitorPlan") or {}).get("listenEnabled", True):
        raise ApiError(403, "assistant.monitorPlan.listenEnabled is false")
    run = platform.running(call.id)
    if run is None:
        raise ApiError(400, f"Call is not in progress: its status is {call.status}.")
    return run


def _start(run: CallRun) -> dict[str, Any]:
    return {"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": run.rate, "channels": 2}


async def _tell(socket: WebSocket, outbox: Outbox) -> None:
    """Send until the call ends or the listener goes."""

    async def gone() -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass

    tasks = [asyncio.create_task(gone()), asyncio.create_task(_write(socket, outbox))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await task
    await _goodbye(socket)
