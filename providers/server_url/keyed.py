"""Keys in the URLs of an assistant that is handed to the platform: its socket and requests are one call's then."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from providers.server_url.answers import Json

__all__ = ["KEY_PARAMETER", "keyed", "with_key"]

KEY_PARAMETER = "call"


def with_key(url: str, key: str) -> str:
    """A URL with the key in its query.

    >>> with_key("wss://host/api/custom-transcriber?token=t", "0199")
    'wss://host/api/custom-transcriber?token=t&call=0199'
    """
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != KEY_PARAMETER]
    return urlunsplit(parts._replace(query=urlencode([*query, (KEY_PARAMETER, key)])))


def keyed(answer: Json, key: str, public_url: str) -> Json:
    """An answer whose URLs of this server carry the key; all else stays as it is.

    Parameters
    ----------
    public_url
        How the platform reaches this server, ``https://…``.
    """
    found: Json = _keyed(answer, key, _without_scheme(public_url.rstrip("/")) + "/")
    return found


def _keyed(value: Any, key: str, ours: str) -> Any:
    if isinstance(value, list):
        return [_keyed(one, key, ours) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: with_key(inner, key)
        if name == "url" and isinstance(inner, str) and _without_scheme(inner).startswith(ours)
        else _keyed(inner, key, ours)
        for name, inner in value.items()
    }


def _without_scheme(url: str) -> str:
    return url.partition("://")[2]
