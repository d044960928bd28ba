"""Forwarding of messages to another Server URL: body, signature and headers as they came, and its answer back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx
import msgspec

from providers.errors import ProvidersError
from providers.server_url.messages import ServerMessage

__all__ = ["Forward", "ForwardFailed"]

_LARGEST_ANSWER = 1024 * 1024
"""Bytes."""

_CONNECTIONS = 50

_OURS = frozenset(
    "host content-length connection keep-alive transfer-encoding upgrade te trailer proxy-authorization "
    "proxy-connection accept-encoding expect".split()
)
"""Headers of one connection, which the next one has of its own."""


class ForwardFailed(ProvidersError):
    """The other server did not answer, or not with success; the message holds no body."""


class Forward:
    """Another Server URL.

    Parameters
    ----------
    url
        Where messages go.
    """

    name = "--forward-url"

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: httpx.AsyncClient | None = None

    async def send(self, message: ServerMessage, headers: Iterable[tuple[bytes, bytes]], *, within: float) -> Any:
        """Send a message on; the other server's answer as JSON, None where it answers with nothing.

        Parameters
        ----------
        headers
            The request's, as they came.
        within
            Seconds for the whole answer.

        Raises
        ------
        ForwardFailed
        """
        kept = [(name, value) for name, value in headers if name.decode("latin-1").lower() not in _OURS]
        if self._client is None:
            limits = httpx.Limits(max_connections=_CONNECTIONS)
            self._client = httpx.AsyncClient(limits=limits, follow_redirects=False)
        try:
            async with self._client.stream(
                "POST", self._url, content=message.body, headers=kept, timeout=within
            ) as response:
                content = await _read(response)
        except httpx.HTTPError as error:
            raise ForwardFailed(f"--forward-url: {type(error).__name__} while a message was forwarded") from None
        if not response.is_success:
            raise ForwardFailed(f"--forward-url: expected success, found {response.status_code}")
        if not content.strip():
            return None
        try:
            return msgspec.json.decode(content)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            if message.answered:
                raise ForwardFailed("--forward-url: expected JSON, found something else") from None
            return None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()


async def _read(response: httpx.Response) -> bytes:
    content = bytearray()
    async for block in response.aiter_bytes():
        content += block
        if len(content) > _LARGEST_ANSWER:
            raise ForwardFailed(f"--forward-url: expected at most {_LARGEST_ANSWER} bytes, found more")
    return bytes(content)
