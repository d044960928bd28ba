"""Access tokens of OAuth 2.0 client credentials: signed, short-lived, and kept nowhere.

A token is a JSON Web Token (RFC 7519) under HMAC-SHA256. Its key is derived from the secret of the client it was made
for, so every process and every machine with the same clients accepts it, and a client that is taken out of the
settings takes its tokens along.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import jwt

_ISSUER = "vapi-providers"
_ALGORITHM = "HS256"
_LEEWAY = 30.0
"""Seconds that the clocks of two machines may differ."""
_LONGEST = 2048
"""Characters of a token that is still read; ours have under 400."""


@dataclass(frozen=True, slots=True)
class Client:
    """One client: its public id and its secret."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Client({self.id!r})"

    @property
    def key_id(self) -> str:
        """A name of the key that tells nothing about the secret."""
        return self._derived("key id").hex()[:16]

    @property
    def key(self) -> bytes:
        """The key that signs this client's tokens."""
        return self._derived("signing key")

    def _derived(self, purpose: str) -> bytes:
        return hmac.new(self.secret.encode(), f"vapi-providers {purpose} {self.id}".encode(), hashlib.sha256).digest()


class AccessTokens:
    """The tokens of some clients: made, and checked.

    Parameters
    ----------
    clients
        One id may come with several secrets, so that a secret can be replaced without a gap.
    lifetime
        Seconds a token is valid.
    clock
        Unix time, s, of the making.
    """

    def __init__(self, clients: Iterable[Client], *, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self.clients = tuple(clients)
        self._keys = {client.key_id: client.key for client in self.clients}
        self._clock = clock
        self.lifetime = lifetime

    def client(self, name: str, secret: str) -> Client | None:
        """The client with this id and secret; None when there is none. Every client is compared, in constant time."""
        found = None
        for client in self.clients:
            same_name = hmac.compare_digest(name.encode(), client.id.encode())
            same_secret = hmac.compare_digest(secret.encode(), client.secret.encode())
            if same_name & same_secret:
                found = client
        return found

    def issue(self, client: Client) -> str:
        """A new token."""
        now = int(self._clock())
        claims = {"iss": _ISSUER, "sub": client.id, "iat": now, "exp": now + int(self.lifetime)}
        return jwt.encode(claims, client.key, _ALGORITHM, headers={"kid": client.key_id})

    def accepts(self, token: str) -> bool:
        """Whether this is a token of ours that is still valid."""
        if len(token) > _LONGEST or token.count(".") != 2:
            return False
        try:
            key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
            if key is None:
                return False
            jwt.decode(
                token, key, [_ALGORITHM], issuer=_ISSUER, leeway=_LEEWAY, options={"require": ["exp", "iss", "sub"]}
            )
        except (jwt.InvalidTokenError, TypeError, ValueError):
            return False
        return True
