"""Credentials with which the playground calls its own server."""

from __future__ import annotations

import time

from providers.access_tokens import AccessTokens, Client
from providers.emulator.credentials import SentCredentials
from providers.settings import Settings
from providers.settings.listed import names

__all__ = ["own_credentials"]

_LIFETIME = 3600.0 * 12


def own_credentials(settings: Settings) -> SentCredentials:
    """What this server accepts of a caller, by its own settings."""
    access = settings.access
    if access.no_auth:
        return SentCredentials()
    ways = names(access.auth)
    if access.secret is not None and "secret" in ways:
        return SentCredentials(secret=access.secret)
    if access.secret is not None and "token" in ways:
        return SentCredentials(token=access.secret, bearer=access.secret)
    if settings.oauth.client is not None and "oauth" in ways:
        name, secret = settings.oauth.clients[0]
        client = Client(name, secret)
        return SentCredentials(bearer=AccessTokens([client], lifetime=_LIFETIME, clock=time.time).issue(client))
    if access.secret is not None and "bearer" in ways:
        return SentCredentials(bearer=access.secret)
    return SentCredentials(hmac_key=settings.hmac.secret)
