"""The Server URL's side of a call: every message in order, answers where the platform reads one.

Messages go one after the other over a kept connection, so that a server sees them in the order in which they happened.
Those that want an answer keep their place, and do not hold up the ones behind them. A server that is slower than the
call loses messages of the chatty kinds first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from providers.emulator.failures import NETWORK_ERRORS, EmulatorError, bare, explained
from providers.emulator.http_client import HttpClient
from providers.emulator.platform.keyring import Address, Keyring

_log = logging.getLogger(__name__)

Json = dict[str, Any]
Wrapped = Callable[[Json], bytes]
"""A message as it goes over the wire, with all that rides along."""

LONGEST_QUEUE = 500
"""Messages that wait for a slow server."""
_CHATTY = frozenset({"transcript", "model-output", "speech-update", "conversation-update", "voice-input"})
"""Kinds that are left out first."""
_PATIENCE = 1.0
"""Seconds that a question waits for the messages before it, while somebody is on the line."""


async def deliver(client: HttpClient, keyring: Keyring, address: Address, body: bytes, timeout: float) -> Json | None:
    """POST a message, again where the server's plan says so; its answer, or None where there is none to read.

    Raises
    ------
    EmulatorError
        No answer, or not a 2xx, at the last attempt too.
    """
    plan = address.backoff_plan
    for attempt in range(plan.max_retries + 1):
        status, fault = 0, EmulatorError("")
        try:
            headers = {"Content-Type": "application/json", **await keyring.headers(address, body)}
            target = keyring.given_for(address.url).address(address.url)
            answer = await client.post(target, body, headers=headers, timeout=timeout)
            status = answer.status
            if 200 <= status < 300:
                return _read(answer.body)
            fault = EmulatorError(f"{bare(address.url)}: HTTP {status}")
        except NETWORK_ERRORS as error:
            fault = explained(address.url, error)
        if attempt == plan.max_retries or not plan.retries(status):
            raise fault
        await asyncio.sleep(plan.delay(attempt))
    raise AssertionError("the last attempt returns or raises")


def _read(body: bytes) -> Json | None:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None


class ServerUrl:
    """One call's messages to one server."""

    def __init__(self, address: Address | None, keyring: Keyring, client: HttpClient, wrapped: Wrapped) -> None:
        self._address = address
        self._keyring = keyring
        self._client = client
        self._wrapped = wrapped
        self._waiting: deque[tuple[str, bytes] | asyncio.Event] = deque()
        self._news = asyncio.Event()
        self._delivering = self._closing = False
        self.failed = 0
        """Messages that no attempt delivered."""
        self.left_out = 0
        """Messages that were dropped because the server was slow."""

    def tell(self, message: Json) -> None:
        """Queue a message that wants no answer; what rides along is that of this moment."""
        if self._address is None:
            return
        if len(self._waiting) >= LONGEST_QUEUE:
            self._make_room()
        self._waiting.append((message["type"], self._wrapped(message)))
        self._news.set()

    async def ask(self, message: Json, *, server: Address | None = None, timeout: float | None = None) -> Json | None:
        """Send a message whose answer is read; ``server`` takes precedence over the call's own.

        Raises
        ------
        EmulatorError
            There is no server, it cannot be reached, or it does not answer 2xx in time.
        """
        address = server or self._address
        if address is None:
            raise EmulatorError(f"{message['type']}: no Server URL")
        body = self._wrapped(message)
        await self._turn()
        return await deliver(self._client, self._keyring, address, body, timeout or address.timeout_seconds)

    async def run(self) -> None:
        """Deliver what is queued until `close`."""
        while True:
            while self._waiting:
                queued = self._waiting.popleft()
                if isinstance(queued, asyncio.Event):
                    queued.set()
                else:
                    self._delivering = True
                    await self._deliver(*queued)
                    self._delivering = False
            if self._closing:
                return
            self._news.clear()
            await self._news.wait()

    def close(self) -> None:
        """Nothing more will be queued; `run` ends once all is delivered."""
        self._closing = True
        self._news.set()

    async def _turn(self) -> None:
        """Wait until what was queued before is delivered, for as long as a caller can wait."""
        if not self._waiting and not self._delivering:
            return
        reached = asyncio.Event()
        self._waiting.append(reached)
        self._news.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reached.wait(), _PATIENCE)

    async def _deliver(self, kind: str, body: bytes) -> None:
        assert self._address is not None
        try:
            await deliver(self._client, self._keyring, self._address, body, self._address.timeout_seconds)
        except EmulatorError as fault:
            self.failed += 1
            if self.failed == 1:
                _log.warning("%s was not delivered, nor may others be: %s", kind, fault)

    def _make_room(self) -> None:
        """Leave out the oldest message of a chatty kind, or else the oldest."""
        queued = [(index, each[0]) for index, each in enumerate(self._waiting) if not isinstance(each, asyncio.Event)]
        del self._waiting[next((index for index, kind in queued if kind in _CHATTY), queued[0][0])]
        self.left_out += 1
