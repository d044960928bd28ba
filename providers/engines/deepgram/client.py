"""Addresses and authorisation that both Deepgram engines share."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from providers.errors import EngineUnavailable, SettingsError

NAME = "deepgram"
KEY_SETTING = "DEEPGRAM_API_KEY"
CLOUD = "https://api.deepgram.com"
KEY_PATH = "/v1/auth/token"
"""Path that answers 401 to an unknown key; a self-hosted Deepgram may not have it."""

_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


def base_urls(url: str) -> tuple[str, str]:
    """The REST base and the WebSocket base of one Deepgram, hosted or self-hosted.

    Raises
    ------
    SettingsError
        Not a base URL with a host.

    Examples
    --------
    >>> base_urls("wss://speech.example:8080/dg/")
    ('https://speech.example:8080/dg', 'wss://speech.example:8080/dg')
    """
    parts = urlsplit(url)
    if parts.scheme not in _SECURE or not parts.hostname or parts.query or parts.fragment:
        found = f"{parts.scheme}://{parts.hostname}" if parts.hostname else repr(url[:40])
        raise SettingsError([f"deepgram url: expected http, https, ws or wss and a host, found {found}"])
    secure = _SECURE[parts.scheme]
    rest = (parts.netloc, parts.path.rstrip("/"), "", "")
    return urlunsplit(("https" if secure else "http", *rest)), urlunsplit(("wss" if secure else "ws", *rest))


def require_key(api_key: str, url: str) -> None:
    """Refuse to start without a key, unless Deepgram is self-hosted: that checks no key by default.

    Raises
    ------
    EngineUnavailable
        No key, and the URL is the vendor's own.
    """
    if not api_key and url.rstrip("/") == CLOUD:
        raise EngineUnavailable(f"deepgram has no key: set {KEY_SETTING}", engine=NAME)


def authorization(api_key: str) -> dict[str, str]:
    """The header with the key; empty without a key."""
    return {"Authorization": f"Token {api_key}"} if api_key else {}
