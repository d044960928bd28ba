"""What both Deepgram engines share: where the vendor is, whether the key is good, and what it takes to ask."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import httpx

from providers.engines.refusals import refusal
from providers.errors import EngineUnavailable, SettingsError

NAME = "deepgram"
KEY_SETTING = "DEEPGRAM_API_KEY"
CLOUD = "https://api.deepgram.com"

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
    """Refuse to start without a key, unless the Deepgram is self-hosted: those check no key by default.

    Raises
    ------
    EngineUnavailable
        No key, and the URL is the vendor's own.
    """
    if not api_key and url.rstrip("/") == CLOUD:
        raise EngineUnavailable(f"deepgram has no key: set {KEY_SETTING}", engine=NAME)


def authorization(api_key: str) -> dict[str, str]:
    """The header that carries the key; none without one."""
    return {"Authorization": f"Token {api_key}"} if api_key else {}


async def greet(http: httpx.AsyncClient, url: str, api_key: str) -> None:
    """Open a connection that later requests reuse, and learn whether the key is good.

    A Deepgram that cannot be reached now may be reachable when the first call comes, so that is no error; nor is an
    answer other than "who are you?", because self-hosted ones do not know this path.

    Raises
    ------
    EngineUnavailable
        The key is refused.
    """
    try:
        answer = await http.get(f"{base_urls(url)[0]}/v1/auth/token", headers=authorization(api_key))
    except httpx.TransportError:
        return
    if answer.status_code == 401:
        raise refusal(NAME, answer.status_code, answer.headers, key=KEY_SETTING)
