"""Vapi's API, as far as an assistant is configured with it."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from providers.errors import ProvidersError

API_URL = "https://api.vapi.ai"
_TIMEOUT = 30.0
"""Seconds."""
_SHOWN = 300
"""Characters of the API's own words in an error."""


class ApiError(ProvidersError):
    """The API cannot be reached or says no; the message holds neither key nor body."""


class AssistantApi:
    """One assistant behind the API.

    Parameters
    ----------
    url
        ``https://…``; ``http://`` is for this machine alone, because the key goes along.
    key
        The private API key.
    secrets
        Texts that no error may hold.

    Raises
    ------
    ApiError
        The URL cannot be used.
    """

    def __init__(self, url: str, key: str, *, secrets: tuple[str, ...] = ()) -> None:
        if urlsplit(url).scheme != "https" and not _is_local(url):
            raise ApiError(f"--api-url: expected https://…, found {url[:80]!r}")
        self._url = url.rstrip("/")
        self._secrets = (key, *secrets)
        self._headers = {"Authorization": f"Bearer {key}"}

    def get(self, assistant: str) -> dict[str, Any]:
        """The assistant as it is.

        Raises
        ------
        ApiError
        """
        return self._ask("GET", assistant)

    def patch(self, assistant: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Change the assistant's fields that are named; the assistant as it is then.

        Raises
        ------
        ApiError
        """
        return self._ask("PATCH", assistant, changes)

    def _ask(self, method: str, assistant: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self._url}/assistant/{quote(assistant, safe='')}"
        try:
            response = httpx.request(
                method, url, json=body, headers=self._headers, timeout=_TIMEOUT, trust_env=not _is_local(self._url)
            )
        except httpx.HTTPError as error:
            reason = self._redacted(str(error) or type(error).__name__)
            raise ApiError(f"{method} /assistant/…: {urlsplit(url).netloc} cannot be reached: {reason}") from None
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise ApiError("VAPI_API_KEY: expected a private key that the API accepts, found another (401)")
        if response.status_code == httpx.codes.NOT_FOUND:
            raise ApiError("--apply: expected the id of one of your assistants, found another (404)")
        if not response.is_success:
            raise ApiError(
                f"{method} /assistant/…: expected success, found {response.status_code}{self._told(response)}"
            )
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ApiError(f"{method} /assistant/…: expected an assistant as JSON, found something else")
        return found

    def _told(self, response: httpx.Response) -> str:
        """The API's own words for what is wrong."""
        try:
            message = response.json()["message"]
        except (ValueError, KeyError, TypeError):
            return ""
        words = "; ".join(map(str, message)) if isinstance(message, list) else str(message)
        return f": {self._redacted(words)[:_SHOWN]}"

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
        return text


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
