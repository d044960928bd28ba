"""Listening engine over a vendor's streaming socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from websockets.asyncio.client import ClientConnection

from providers.engines.base import ListeningCapabilities
from providers.engines.local.model import check_input
from providers.engines.streaming.recognition import AudioFormer, SocketRecognition
from providers.engines.streaming.wire import VendorWire
from providers.engines.vendor_socket import VendorName, hang_up, open_socket


class StreamingListener:
    """The listening engine of one vendor; every recognition has its own socket."""

    def __init__(self, wire: VendorWire) -> None:
        self._wire = wire
        self._capabilities = replace(wire.capabilities, rates=())

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._wire.name

    @property
    def capabilities(self) -> ListeningCapabilities:
        """What the vendor can do, at any rate."""
        return self._capabilities

    def with_options(self, *, model: str | None = None, language: str | None = None) -> StreamingListener:
        """Return the engine with another model or language for one call; it is not started or closed."""
        options = self._wire.options
        changed = replace(options, model=model or options.model, language=language or options.language)
        return StreamingListener(replace(self._wire, options=changed))

    async def start(self) -> None:
        """Check the options.

        Raises
        ------
        EngineUnavailable
            There is no key.
        """
        self._wire.checked()

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[SocketRecognition]:
        """Open one socket; leaving the context closes it within 50 ms, even if the vendor does not answer."""
        check_input(rate, channels, engine=self.name)
        taken = self._wire.capabilities.rates
        vendor_rate = rate if not taken or rate in taken else self._wire.resampled_to
        connection = await self._open(vendor_rate)
        former = AudioFormer(rate, vendor_rate, chunk=self._wire.chunk)
        session = self._wire.session(vendor_rate)
        recognition = SocketRecognition(self.name, connection, session, former, self._wire.options)
        try:
            await recognition.open()
            yield recognition
        finally:
            recognition.leave()
            await hang_up(connection)

    async def aclose(self) -> None:
        """Do nothing: a recognition frees its own socket."""

    async def _open(self, rate: int) -> ClientConnection:
        wire, options = self._wire, self._wire.options
        wire.checked()
        vendor = VendorName(self.name, wire.key_setting)
        return await open_socket(vendor, wire.url(rate), wire.headers(), open_timeout=options.open_timeout)
