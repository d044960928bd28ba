"""How a request's body comes in on the two POST doors: credential first, then its type, then at most so many bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs

import structlog
from starlette.requests import HTTPConnection, Request

from providers.auth import Authenticator, Credentials
from providers.errors import BadRequest, TooLarge, Unauthorized

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Inbound:
    """The gate of the POST doors."""

    authenticator: Authenticator
    max_body_bytes: int

    async def authorised_body(self, request: Request) -> bytes:
        """The raw body of a request that may come in.

        Nothing of an unauthorised body is read, except where its signature has to be checked.

        Raises
        ------
        Unauthorized, BadRequest, TooLarge
        """
        credentials = _credentials(request)
        with _reporting(request):
            allowed = self.authenticator.allows(credentials)
            if not allowed and not self.authenticator.needs_body(credentials):
                self.authenticator.check(credentials)
        _check_type(request.headers)
        body = await self._read(request)
        if not allowed:
            with _reporting(request):
                self.authenticator.check(_credentials(request, body=body))
        return body

    async def _read(self, request: Request) -> bytes:
        limit = self.max_body_bytes
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise TooLarge(f"body: expected at most {limit} bytes, found {announced}")
        blocks = []
        size = 0
        async for block in request.stream():
            size += len(block)
            if size > limit:
                raise TooLarge(f"body: expected at most {limit} bytes, found more")
            blocks.append(block)
        return b"".join(blocks)


def check_socket(authenticator: Authenticator, connection: HTTPConnection) -> None:
    """Let a transcriber socket in, by header or by ``?token=``; an HMAC there signs an empty body.

    Raises
    ------
    Unauthorized
    """
    tokens = parse_qs(connection.scope["query_string"].decode("latin-1")).get("token", [None])
    with _reporting(connection):
        authenticator.check(_credentials(connection, token=tokens[0], body=b""))


@contextmanager
def _reporting(connection: HTTPConnection) -> Iterator[None]:
    """Log the header *names* of a refused request: they tell an operator what the platform sent instead."""
    try:
        yield
    except Unauthorized as error:
        names = sorted(set(connection.headers.keys()))
        log.warning("refused", path=connection.url.path, reason=str(error), header_names=names)
        raise


def _credentials(connection: HTTPConnection, *, token: str | None = None, body: bytes | None = None) -> Credentials:
    return Credentials(
        headers=connection.headers,
        method=connection.scope.get("method", "GET"),
        url=str(connection.url),
        token=token,
        body=body,
    )


def _check_type(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(f"content-type: expected application/json, found {kind[:80] or 'none'}")
