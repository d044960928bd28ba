"""Sockets to vendors: opened with their refusals as `EngineError`, and closed without waiting for the vendor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from providers.engines.vendor_errors import vendor_error
from providers.errors import EngineError

_FAREWELL = 0.05
"""Seconds that the vendor has to answer the close frame before the socket is cut."""

_quiet = logging.getLogger("websockets.client.vendor")
# At DEBUG, websockets logs the handshake with the key and every frame with its words.
_quiet.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class VendorName:
    """What an error says of a vendor."""

    engine: str
    key_setting: str
    code_header: str = ""
    """Header of a refusal that holds the vendor's own error code."""


async def open_socket(
    vendor: VendorName,
    url: str,
    headers: Mapping[str, str],
    *,
    open_timeout: float,
    max_size: int = 1 << 20,
    ping_interval: float | None = None,
) -> ClientConnection:
    """An open socket.

    Parameters
    ----------
    vendor
        Named in errors.
    url, headers
        Of the upgrade.
    open_timeout
        Seconds.
    max_size
        Bytes of the largest message that is taken.
    ping_interval
        Seconds between pings; None sends none, because a vendor whose session has ended still answers them.

    Raises
    ------
    EngineError
        The vendor refuses or does not answer; a refused credential is `EngineUnavailable`, too many requests are
        `EngineBusy`.
    """
    name = vendor.engine
    try:
        return await connect(
            url,
            additional_headers=headers,
            compression=None,
            open_timeout=open_timeout,
            close_timeout=_FAREWELL,
            max_size=max_size,
            ping_interval=ping_interval,
            logger=_quiet,
        )
    except InvalidStatus as refused:
        answer = refused.response
        code = answer.headers.get(vendor.code_header) if vendor.code_header else None
        told = dict(answer.headers.raw_items())
        raise vendor_error(name, answer.status_code, told, code=code, key=vendor.key_setting) from None
    except TimeoutError:
        raise EngineError(f"{name} did not open within {open_timeout:g} s", engine=name) from None
    except (OSError, ValueError, WebSocketException) as failure:  # ValueError: a redirect to no address
        raise EngineError(f"{name} cannot be reached ({type(failure).__name__})", engine=name) from None


async def hang_up(connection: ClientConnection) -> None:
    """Close the socket within 50 ms, even if the vendor does not answer."""
    try:
        async with asyncio.timeout(_FAREWELL):
            await connection.close()
    except TimeoutError:
        pass
    finally:
        connection.transport.abort()
