"""The ``?call=`` key of our URLs: the same value on the socket and on the POST requests joins them exactly."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, unquote

PARAMETER = "call"
"""Name in the query string."""

_LONGEST = 128
"""Characters of a key: a UUID has 36."""


class CallKey(NamedTuple):
    """A key as it came."""

    value: str
    """Empty when there is none that can be used."""
    unrendered: bool = False
    """Whether the platform left ``{{call.id}}`` as it stands in the URL."""


def call_key(query_string: bytes) -> CallKey:
    """The key of a query string.

    >>> call_key(b"call=0199-ab"), call_key(b"call=%7B%7Bcall.id%7D%7D").unrendered, call_key(b"token=x").value
    (CallKey(value='0199-ab', unrendered=False), True, '')
    """
    if b"call" not in query_string:  # most requests have none
        return CallKey("")
    found = parse_qs(query_string.decode("latin-1")).get(PARAMETER, [""])[0].strip()
    if "{{" in found or "{{" in unquote(found):
        return CallKey("", unrendered=True)
    return CallKey(found if len(found) <= _LONGEST and found.isprintable() else "")
