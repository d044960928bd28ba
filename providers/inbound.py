"""Requests on their way in: the credential first, then the type of the body, then at most so many bytes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs

import structlog
from starlette.requests import HTTPConnection, Request

from providers.auth import Authenticator, Credentials
from providers.errors import BadRequest, TooLarge, Unauthorized

log = structlog.get_logger()

_LONGEST_LENGTH = 18
"""Digits of a content-length that is still read as a number."""

_LONGEST_NAME = 40
"""Characters of a path's segment that cannot be a secret: our own longest is 18."""

_JSON = ("application/json",)

_MOST_NAMES = 40
"""Names of headers in one log line."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """The way in of the POST endpoints."""

    authenticator: Authenticator
    max_body_bytes: int

    async def authorised_body(
        self, request: Request, *, types: Collection[str] = _JSON, limit: int | None = None
    ) -> bytes:
        """The raw body of an authorised request.

        Parameters
        ----------
        types
            Media types that are accepted; one that ends in a slash stands for all below it, none for any at all.
        limit
            Bytes; None is the server's own.

        Nothing of an unauthorised body is read, except where its signature has to be checked: then the signature has
        the right form and its timestamp is inside the window.

        Raises
        ------
        Unauthorized, BadRequest, TooLarge
        ClientDisconnect
            The caller hung up inside the body.
        """
        credentials = _credentials(request)
        with _reporting(request):
            accepted = self.authenticator.check_headers(credentials)
        _check_type(request.headers, types)
        body = await self._read(request, self.max_body_bytes if limit is None else limit)
        if not accepted:
            with _reporting(request):
                self.authenticator.check_signature(credentials, body)
        return body

    @staticmethod
    async def _read(request: Request, limit: int) -> bytes:
        _check_length(request.headers.get("content-length", ""), limit)
        body, block = bytearray(), b""
        try:
            async for block in request.stream():
                if len(body) + len(block) > limit:
                    raise TooLarge(f"body: expected at most {limit} bytes, found more")
                body += block
            return bytes(body)
        finally:
            # A traceback that is kept for a while, by a log or by a debugger, must not keep the body.
            body, block = bytearray(), b""


def check_connection(authenticator: Authenticator, connection: HTTPConnection) -> None:
    """Accept an upgrade or a GET, by header or by ``?token=``; an HMAC there signs an empty body.

    Raises
    ------
    Unauthorized
    """
    query = parse_qs(connection.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    with _reporting(connection):
        authenticator.check(_credentials(connection, tokens=tuple(query.get("token", ()))))


def loggable_path(path: str) -> str:
    """A path for a log line, without anything that may be a credential.

    A ``?token=`` whose question mark was encoded ends up in the path, and so does a secret that was pasted there.
    """
    named = path.partition("?")[0].partition("=")[0].partition("&")[0].partition(";")[0]
    cut = named != path
    segments = ["…" if len(segment) > _LONGEST_NAME else segment for segment in named[:200].split("/")]
    return "/".join(segments) + ("…" if cut else "")


@contextmanager
def _reporting(connection: HTTPConnection) -> Iterator[None]:
    """Log the header *names* of a refused request: they tell an operator what the platform sent instead."""
    try:
        yield
    except Unauthorized as error:
        names = [name[:_LONGEST_NAME] for name in sorted(set(connection.headers.keys()))][:_MOST_NAMES]
        path = loggable_path(connection.scope["path"])
        client = connection.client.host if connection.client else None
        log.warning("refused", path=path, client=client, reason=str(error), header_names=names)
        raise


def _credentials(connection: HTTPConnection, *, tokens: tuple[str, ...] = ()) -> Credentials:
    return Credentials(
        headers=connection.headers,
        method=connection.scope.get("method", "GET"),
        url=str(connection.url),
        tokens=tokens,
    )


def _check_type(headers: Mapping[str, str], types: Collection[str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not types or any(kind == known or (known.endswith("/") and kind.startswith(known)) for known in types):
        return
    raise BadRequest(f"content-type: expected {' or '.join(types)}, found {kind[:80] or 'none'}")


def _check_length(announced: str, limit: int) -> None:
    if not (announced.isascii() and announced.isdigit()):
        return  # chunked, or nothing that the HTTP parser let through
    if len(announced) > _LONGEST_LENGTH or int(announced) > limit:
        raise TooLarge(f"body: expected at most {limit} bytes, found {announced[:_LONGEST_LENGTH]}")
