"""HMAC signatures: how the platform makes one, and a memory of those that were used."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

_MILLISECONDS_FROM = 1e11
"""A timestamp beyond this is in milliseconds: as seconds it would lie in the year 5138."""

_OTHER_SCHEME = {"http": "https", "https": "http", "ws": "wss", "wss": "ws"}


@dataclass(frozen=True, slots=True)
class SignedParts:
    """The parts of a request that a signature can cover."""

    body: bytes
    timestamp: str
    """As it stood in its header."""
    method: str = "POST"
    url: str = ""
    """As the server sees it; a proxy in front may have ended TLS."""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class HmacPlan:
    """The options of the platform's HMAC credential."""

    key: bytes = field(repr=False)
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    signature_header: str = "x-signature"
    signature_prefix: str = ""
    signature_encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: str = "x-timestamp"
    message_id_header: str = "svix-id"
    payload_format: str = "{timestamp}.{body}"
    window: float = 300.0
    """Seconds a signature stays valid, either way of the clock."""

    def signature(self, parts: SignedParts) -> str:
        """The signature header's whole value for one request."""
        digest = hmac.new(self.key, self._payload(parts), getattr(hashlib, self.algorithm)).digest()
        encoded = digest.hex() if self.signature_encoding == "hex" else base64.b64encode(digest).decode()
        return self.signature_prefix + encoded

    def digest_of(self, header: str) -> bytes | None:
        """The digest that a signature header carries; None when it cannot be one."""
        if not header.startswith(self.signature_prefix):
            return None
        encoded = header[len(self.signature_prefix) :]
        try:
            digest = (
                bytes.fromhex(encoded) if self.signature_encoding == "hex" else base64.b64decode(encoded, validate=True)
            )
        except (ValueError, binascii.Error):
            return None
        return digest if len(digest) == hashlib.new(self.algorithm).digest_size else None

    def matches(self, digest: bytes, parts: SignedParts) -> bool:
        """Whether this digest signs the request, its URL in any of the forms that the platform may have signed."""
        urls = url_forms(parts.url) if "{url}" in self.payload_format else iter([parts.url])
        found = False
        for url in urls:
            wanted = SignedParts(parts.body, parts.timestamp, parts.method, url, parts.message_id)
            made = hmac.new(self.key, self._payload(wanted), getattr(hashlib, self.algorithm)).digest()
            found |= hmac.compare_digest(digest, made)
        return found

    def _payload(self, parts: SignedParts) -> bytes:
        head, found, tail = self.payload_format.encode().partition(b"{body}")
        # The body goes in last, so that braces inside it are never taken for placeholders.
        for placeholder, value in (
            (b"{timestamp}", parts.timestamp),
            (b"{method}", parts.method),
            (b"{url}", parts.url),
            (b"{svix-id}", parts.message_id),
        ):
            head, tail = head.replace(placeholder, value.encode()), tail.replace(placeholder, value.encode())
        return head + (parts.body if found else b"") + tail


def url_forms(url: str) -> Iterator[str]:
    """The forms in which one URL may have been signed: whole, with the scheme before a proxy, path only.

    Which one the platform signs is not published. Each covers the path; what differs is not an attacker's choice.
    """
    parts = urlsplit(url)
    yield url
    if parts.scheme in _OTHER_SCHEME:
        yield parts._replace(scheme=_OTHER_SCHEME[parts.scheme]).geturl()
    if parts.query:
        yield f"{parts.path}?{parts.query}"
    yield parts.path


def sent_at(timestamp: str) -> float | None:
    """Unix time, in seconds, of a timestamp in seconds or milliseconds; None when it is not a time."""
    try:
        sent = float(timestamp)
    except ValueError:
        return None
    return sent / 1000 if abs(sent) > _MILLISECONDS_FROM else sent


def hmac_key(secret: str, *, is_base64: bool) -> bytes:
    """The key's bytes.

    Raises
    ------
    ValueError
        Not base64.
    """
    if not is_base64:
        return secret.encode()
    try:
        return base64.b64decode(secret, validate=True)
    except binascii.Error:
        raise ValueError("expected base64") from None


class SeenSignatures:
    """Bounded memory of the signatures that were accepted, so that none is accepted twice.

    Two generations: the newer one takes what comes, the older one is dropped when the newer one has been filling for
    twice the window, the longest that a signature can stay valid. At the limit the older one is dropped early: only
    the holder of the key can reach it.

    Parameters
    ----------
    window
        Seconds a signature stays valid, either way of the clock.
    limit
        Signatures of one generation, about 100 bytes each.
    """

    def __init__(self, *, window: float, limit: int = 200_000) -> None:
        self._lifetime = 2 * window
        self._limit = limit
        self._newer: set[bytes] = set()
        self._older: set[bytes] = set()
        self._since = 0.0

    def add(self, digest: bytes, now: float) -> bool:
        """Remember a digest; False when it was there already."""
        if now - self._since >= self._lifetime or len(self._newer) >= self._limit:
            self._older = self._newer if now - self._since < 2 * self._lifetime else set()
            self._newer = set()
            self._since = now
        if digest in self._newer or digest in self._older:
            return False
        self._newer.add(digest)
        return True

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)
