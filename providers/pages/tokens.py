"""Tokens of the page: short-lived, for reading calls and for the playground, and no good at the other endpoints.

They are signed with a key that is derived from the server's own credential. The key lies in the runtime file, which
its owner alone can read; so ``vapi-providers open`` makes a token without asking the server.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import replace

from providers.access_tokens import AccessTokens, Client
from providers.auth import Authenticator
from providers.settings import Settings

__all__ = ["authenticator_with_page_tokens", "page_key", "page_token"]

_CLIENT = "page"


def page_key(settings: Settings) -> str | None:
    """The key of the page's tokens; None where the page is off or everything is open."""
    if settings.page.page == "off" or settings.access.no_auth:
        return None
    secret = settings.access.secret or settings.hmac.secret or settings.oauth.client
    if secret is None:
        return None
    return hmac.new(secret.encode(), b"vapi-providers page", hashlib.sha256).hexdigest()


def page_token(key: str, *, lifetime: float, clock: Callable[[], float] = time.time) -> str:
    """A new token that is valid for so many seconds."""
    client = Client(_CLIENT, key)
    return AccessTokens([client], lifetime=lifetime, clock=clock).issue(client)


def authenticator_with_page_tokens(authenticator: Authenticator, settings: Settings) -> Authenticator:
    """The check of the requests that the page makes: what opens the server, and the page's tokens."""
    key = page_key(settings)
    if key is None:
        return authenticator
    others = [] if authenticator.access_tokens is None else authenticator.access_tokens.clients
    return replace(authenticator, access_tokens=AccessTokens([*others, Client(_CLIENT, key)], lifetime=0.0))
