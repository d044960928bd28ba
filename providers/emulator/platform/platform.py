"""The platform itself: what it knows, which calls it has, and how one begins."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette

from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.clients import CallIdentity
from providers.emulator.credentials import SentCredentials
from providers.emulator.http_client import HttpClient
from providers.emulator.platform.api_errors import ApiError, invalid
from providers.emulator.platform.assistants import AssistantStore, Defaults
from providers.emulator.platform.authentication import Credential, Tokens
from providers.emulator.platform.calls import Call, CallStore
from providers.emulator.platform.creation import outgoing
from providers.emulator.platform.inbound import inbound_request
from providers.emulator.platform.keyring import Keyring
from providers.emulator.platform.messages import for_server
from providers.emulator.platform.ports import call_ports, server_address
from providers.emulator.platform.run import DIED, RATE, CallRun, reported
from providers.emulator.platform.server_url import ServerUrl
from providers.emulator.platform.words import Words

_log = logging.getLogger(__name__)

NEVER_CONNECTED = "call.in-progress.error-vapifault-transport-never-connected"
_TIMEOUT = 20.0
"""Seconds for a request whose server says nothing else."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    defaults: Defaults
    credentials: SentCredentials = field(default_factory=SentCredentials)
    named: Mapping[str, Credential] = field(default_factory=dict)
    """Credentials by id."""
    assistants: Mapping[str, Json] = field(default_factory=dict)
    api_key: str | None = field(default=None, repr=False)
    """The key that clients must show; None takes any."""
    max_calls: int = 50
    kept_calls: int = 256
    connect_seconds: float = 60.0
    """Seconds that a new call waits for its socket."""
    words: Words = Words()
    behaviour: Behaviour = Behaviour()

    @property
    def trusted(self) -> frozenset[str]:
        """URLs to which the command line's credentials go."""
        found = (self.defaults.voice, self.defaults.transcriber, self.defaults.endpointing, self.defaults.server)
        return frozenset(each for each in found if each is not None)


class Platform:
    """Calls, assistants and credentials, in memory."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.calls = CallStore(at_once=options.max_calls, kept=options.kept_calls)
        self.assistants = AssistantStore(dict(options.assistants))
        self._client = HttpClient(timeout=_TIMEOUT)
        self._keyring = Keyring(Tokens(self._client), options.credentials, options.trusted, options.named)
        self._runs: dict[str, CallRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """End every call when the server ends."""
        try:
            yield
        finally:
            for handle in self._waiting.values():
                handle.cancel()
            for run in self._runs.values():
                run.hang_up("manually-canceled")
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._client.close()

    def create(self, body: bytes, base: str) -> Call:
        """A new call, which waits for its socket.

        Raises
        ------
        ApiError
            The call cannot be made.
        """
        request = outgoing(body, self.assistants, self.options.defaults)
        return self._queued(Call(request, base))

    async def inbound(self, body: bytes, base: str) -> Call:
        """A call that somebody makes to us: the Server URL says which assistant answers it.

        Raises
        ------
        ApiError
            The call cannot be made.
        """
        call = await inbound_request(
            body, base, self.assistants, self.options.defaults, keyring=self._keyring, client=self._client
        )
        return self._queued(call)

    def running(self, identity: str) -> CallRun | None:
        """The call with this id where it is going on."""
        return self._runs.get(identity)

    async def pick_up(self, identity: str) -> CallRun:
        """Begin the conversation of a call that waits.

        Raises
        ------
        ApiError
            There is no such call, or it does not wait.
        """
        call = self.calls.get(identity)
        handle = self._waiting.pop(identity, None)
        if handle is None:
            raise ApiError(400, f"Call does not wait for a socket: its status is {call.status}.")
        handle.cancel()
        ready: asyncio.Future[CallRun] = asyncio.get_running_loop().create_future()
        self._tasks[identity] = asyncio.create_task(self._hold(call, ready))
        return await ready

    async def ended(self, identity: str) -> None:
        """Wait until a call has ended and its messages are delivered."""
        if identity in self._tasks:
            await asyncio.wait([self._tasks[identity]])

    async def _hold(self, call: Call, ready: asyncio.Future[CallRun]) -> None:
        """Hold a call from its first moment to its last."""
        keyring, server = self._keyring_of(call), self._server_of(call)
        plan, options = call.request.plan, self.options
        try:
            identity = CallIdentity(call.id, RATE, SentCredentials(), options.behaviour.variables_in_urls)
            async with call_ports(plan, identity, keyring=keyring, words=options.words, server=server) as ports:
                run = self._runs[call.id] = CallRun(call, ports, server, options.behaviour)
                ready.set_result(run)
                await run.hold()
        except Exception as fault:
            _log.exception("call %s: broke down", call.id)
            if not call.over:
                call.turned("ended", DIED)
            if not ready.done():
                ready.set_exception(ApiError(500, str(fault)))
        finally:
            self._runs.pop(call.id, None)
            del self._tasks[call.id]

    def _server_of(self, call: Call) -> ServerUrl:
        """The line to the call's Server URL."""
        address = server_address(call.request.assistant.get("server"))
        return ServerUrl(address, self._keyring_of(call), self._client, lambda message: for_server(call, message))

    def _queued(self, call: Call) -> Call:
        self._keyring_of(call)  # refused now rather than when the socket opens
        self.calls.add(call)
        loop = asyncio.get_running_loop()
        self._waiting[call.id] = loop.call_later(self.options.connect_seconds, self._missed, call)
        return call

    def _missed(self, call: Call) -> None:
        """Nobody came for a call."""
        del self._waiting[call.id]
        call.turned("ended", NEVER_CONNECTED)
        _log.warning("call %s: no socket within %g seconds", call.id, self.options.connect_seconds)
        self._tasks[call.id] = asyncio.create_task(self._tell_missed(call))

    async def _tell_missed(self, call: Call) -> None:
        """Tell the Server URL of a call that nobody came for."""
        server = self._server_of(call)
        server.tell({"type": "status-update", "status": "ended", "endedReason": NEVER_CONNECTED})
        server.tell(reported(call, {"type": "end-of-call-report", "endedReason": NEVER_CONNECTED, "artifact": {}}))
        server.close()
        try:
            await server.run()
        finally:
            del self._tasks[call.id]

    def _keyring_of(self, call: Call) -> Keyring:
        """All credentials, those of the call's assistant included."""
        try:
            return self._keyring.with_inline(call.request.assistant.get("credentials") or [])
        except msgspec.ValidationError as fault:
            raise invalid("assistant.credentials", fault, list[Credential]) from None
