"""Who the emulator says it is: every way in which Vapi can prove itself to a server, spelled here a second time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class SentCredentials:
    """What goes along with a request; any number of these at once, none of them ever shown."""

    secret: str | None = field(default=None, repr=False)
    """Sent as it is in ``X-Vapi-Secret``."""
    bearer: str | None = field(default=None, repr=False)
    """Sent as ``Authorization: Bearer …``."""
    hmac_key: str | None = field(default=None, repr=False)
    """Signs ``{timestamp}.{body}`` with SHA-256 in hex: the documented defaults of Vapi's HMAC plan."""
    token: str | None = field(default=None, repr=False)
    """Sent as ``?token=…``, for sockets whose headers get lost."""

    def __bool__(self) -> bool:
        """True when there is any."""
        return any((self.secret, self.bearer, self.hmac_key, self.token))

    def headers(self, body: bytes, clock: Callable[[], float] = time.time) -> dict[str, str]:
        """The headers for a request with this body; an upgrade is signed over the empty body."""
        made: dict[str, str] = {}
        if self.secret is not None:
            made["X-Vapi-Secret"] = self.secret
        if self.bearer is not None:
            made["Authorization"] = f"Bearer {self.bearer}"
        if self.hmac_key is not None:
            stamp = str(int(clock()))
            payload = stamp.encode() + b"." + body
            made["X-Timestamp"] = stamp
            made["X-Signature"] = hmac.new(self.hmac_key.encode(), payload, hashlib.sha256).hexdigest()
        return made

    def address(self, url: str) -> str:
        """The URL with the token in its query, where there is one."""
        if self.token is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}token={quote(self.token, safe='')}"

    def falsified(self) -> SentCredentials:
        """The same kinds of credential, each with a wrong value of the same length."""
        return SentCredentials(*(_turned(value) for value in (self.secret, self.bearer, self.hmac_key, self.token)))


def _turned(value: str | None) -> str | None:
    """A different value of the same length, so that only a true comparison tells them apart."""
    if value is None:
        return None
    digest = base64.urlsafe_b64encode(hashlib.sha512(value.encode()).digest()).decode().rstrip("=")
    return (digest * (len(value) // len(digest) + 1))[: max(1, len(value))]
