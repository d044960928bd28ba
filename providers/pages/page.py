"""The page at ``/``: calls and the playground for people. Where it may not be opened, a few lines about the server."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from providers.auth import Authenticator
from providers.inbound import check_connection
from providers.pages.tokens import authenticator_with_page_tokens
from providers.settings import Settings

__all__ = ["PAGE_FACTS_PATH", "PageAccess", "app_routes", "page_access"]

PAGE_FACTS_PATH = "/api/page"

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self)",
    "Cache-Control": "no-cache",
}
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "cf-connecting-ip")
"""Headers that tell of a proxy or a tunnel in between."""


@dataclass(frozen=True, slots=True)
class PageAccess:
    """Who may open the page, and what its requests prove themselves with."""

    authenticator: Authenticator
    allows: Callable[[HTTPConnection], bool]
    """Whether the page is shown to this request; the page itself holds no secret."""
    facts: dict[str, object] = field(default_factory=dict)
    """What the page is told of the server, beside its version."""


def page_access(settings: Settings, authenticator: Authenticator, **facts: object) -> PageAccess:
    """The page's access by ``--page``, and what it is told of the server."""
    checked = authenticator_with_page_tokens(authenticator, settings)
    return PageAccess(checked, _allowed(settings), facts)


def _allowed(settings: Settings) -> Callable[[HTTPConnection], bool]:
    if settings.page.page != "auto":
        shown = settings.page.page == "on"
        return lambda request: shown
    if settings.proxies.tunnel != "none" or not is_loopback(settings.server.host):
        return lambda request: False
    return from_this_machine


def is_loopback(host: str) -> bool:
    """Whether a name or an address is that of the machine itself."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def from_this_machine(request: HTTPConnection) -> bool:
    """Whether a browser of this machine asks, under a name of this machine, with no proxy or tunnel in between."""
    if request.client is None or not is_loopback(request.client.host):
        return False
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return is_loopback(urlsplit(f"//{request.headers.get('host', '')}").hostname or "")
    except ValueError:
        return False


def app_routes(access: PageAccess) -> list[BaseRoute]:
    """Routes of the page, of its files, and of its facts, which are told to those with a credential."""
    assets = dict(_assets())
    app = files(__package__).joinpath("app.html").read_bytes()
    landing = _landing()

    async def root(request: Request) -> Response:
        content = app if access.allows(request) else landing
        return Response(content, media_type="text/html", headers=_HEADERS)

    async def asset(request: Request) -> Response:
        found = assets.get(request.path_params["name"])
        if found is None or not access.allows(request):
            raise HTTPException(404, "page: expected the name of one of its files, found another")
        content, media_type = found
        return Response(content, media_type=media_type, headers=_HEADERS)

    async def told(request: Request) -> Response:
        check_connection(access.authenticator, request)
        return JSONResponse(
            {"version": version("vapi-providers"), **access.facts}, headers={"Cache-Control": "no-store"}
        )

    return [Route("/", root), Route("/page/{name}", asset), Route(PAGE_FACTS_PATH, told)]


def _assets() -> Iterator[tuple[str, tuple[bytes, str]]]:
    """The page's files by name: content and media type."""
    for file in files(__package__).joinpath("app").iterdir():
        media_type = _TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            yield file.name, (file.read_bytes(), media_type)


def _landing() -> bytes:
    text = files(__package__).joinpath("landing.html").read_text("utf-8")
    return text.replace("{version}", version("vapi-providers")).encode()
