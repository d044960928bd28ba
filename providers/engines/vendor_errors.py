"""Errors of vendors: HTTP statuses and error codes become `EngineError`.

A vendor may repeat the text or the key in its response. So our messages have only the status and the vendor's error
code, if it has the shape of one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Protocol

from providers.errors import EngineBusy, EngineError, EngineUnavailable, SettingsError

_CODE = re.compile(r"(?=.{2,40}$)(?:[A-Z]{2,8}-[0-9]{1,6}|[A-Za-z]+(?:[_.-][A-Za-z]+)*)")
"""``NET-0001``, ``SchemaError``, ``rate_limit_exceeded``; no key has this shape."""

_REQUEST = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|req_[0-9a-f]{16,40}")
_LONGEST_WAIT = 300.0
"""Seconds; a longer Retry-After is cut to this."""


def vendor_error(engine: str, status: int, headers: Mapping[str, str], *, code: object = None, key: str) -> EngineError:
    """The `EngineError` for an HTTP status other than success.

    Parameters
    ----------
    engine
        Name of the engine.
    status
        HTTP status of the response.
    headers
        Headers of the response; Retry-After and the vendor's request id are read.
    code
        The vendor's own error code, repeated only if it looks like one.
    key
        Name of the credential's setting, for the advice.
    """
    said = ", ".join(part for part in (_described(status, code), with_request_id(headers)) if part)
    if status in (401, 403):
        return EngineUnavailable(f"{engine} refused the credential ({said}): check {key}", engine=engine)
    if status == 429:
        wait = retry_after(headers)
        return EngineBusy(f"{engine} takes no more requests for now ({said})", engine=engine, retry_after=wait)
    retryable = status == 408 or status >= 500
    return EngineError(f"{engine} refused the request ({said})", engine=engine, retryable=retryable)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header; 1 when there is none, or it is a date."""
    given = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    try:
        seconds = float(given)
    except ValueError:
        return 1.0
    return min(max(seconds, 0.0), _LONGEST_WAIT) if math.isfinite(seconds) else 1.0


def with_request_id(headers: Mapping[str, str]) -> str:
    """The vendor's request id, as a part of an error message; empty without one."""
    for name, value in headers.items():
        if name.lower() in ("dg-request-id", "x-request-id") and _REQUEST.fullmatch(value):
            return f"request {value}"
    return ""


def error_code(text: object) -> str | None:
    """A vendor's error code if the text has the shape of one (``NET-0001``, ``rate_limit_exceeded``)."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else None


def key_problems(api_key: str, setting: str) -> list[str]:
    """Problems of a key that are found without a request, for example a line break from its file."""
    if api_key.isascii() and api_key.isprintable() and " " not in api_key:
        return []
    return [f"{setting}: expected printable ASCII without spaces, found something else (a line break?)"]


def check_socket_vendor(engine: str, api_key: str, setting: str, base: str, *, hosted: bool) -> None:
    """Check the key and the base URL of a vendor with sockets.

    Parameters
    ----------
    setting
        Name of the variable that holds the key.
    hosted
        Whether the URL is the vendor's own, which asks for a key.

    Raises
    ------
    SettingsError
        A key that cannot be sent, or a URL that is none.
    EngineUnavailable
        No key.
    """
    faults = key_problems(api_key, setting)
    if not base.startswith(("ws://", "wss://")):
        faults.append(f"{engine} url: expected ws:// or wss:// and a host, found something else")
    if faults:
        raise SettingsError(faults)
    if hosted and not api_key:
        raise EngineUnavailable(f"{engine} has no key: set {setting}", engine=engine)


class HasKeepWarm(Protocol):
    """The options of an engine that keeps a connection to its vendor warm."""

    @property
    def keep_warm(self) -> float:
        """Seconds without a request after which one is made; 0 is never."""


def range_problems(engine: str, options: HasKeepWarm, positive: Iterable[str]) -> list[str]:
    """Numbers out of their range: those named as positive, and ``keep_warm``, which may be 0."""
    problems = [
        f"{engine} {name}: expected more than 0, found {value}"
        for name in positive
        if not (value := getattr(options, name)) > 0
    ]
    if options.keep_warm < 0:
        problems.append(f"{engine} keep_warm: expected 0 or more seconds, found {options.keep_warm}")
    return problems


def _described(status: int, code: object) -> str:
    try:
        said = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        said = f"HTTP {status}"
    own = error_code(code)
    return f"{said}, {own}" if own else said
