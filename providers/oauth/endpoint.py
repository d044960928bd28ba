"""Token endpoint: POST /oauth/token."""

from __future__ import annotations

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from providers.access_tokens import AccessTokens
from providers.oauth.wire import MAX_BODY_BYTES, TokenFault, TokenRefused, TokenResponse, read_request

__all__ = ["TokenEndpoint"]

log = structlog.get_logger()

_FORM = "application/x-www-form-urlencoded"
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenEndpoint:
    """Tokens for clients that prove themselves by id and secret."""

    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens

    async def __call__(self, request: Request) -> Response:
        """Answer one token request."""
        try:
            token = await self._token(request)
        except TokenRefused as refused:
            log.warning("token refused", error=refused.fault.error, reason=refused.fault.error_description)
            challenge = {"WWW-Authenticate": 'Basic realm="vapi-providers"'} if refused.challenge else {}
            return _json(refused.fault, refused.status, challenge)
        return _json(TokenResponse(token, int(self._tokens.lifetime)), 200, {})

    async def _token(self, request: Request) -> str:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _FORM:
            raise TokenRefused("invalid_request", f"content-type: expected {_FORM}, found another one or none")
        body = bytearray()
        async for block in request.stream():
            body += block
            if len(body) > MAX_BODY_BYTES:
                raise TokenRefused("invalid_request", f"body: expected at most {MAX_BODY_BYTES} bytes, found more")
        asked = read_request(request.headers.get("authorization"), bytes(body))
        client = self._tokens.client(asked.client_id, asked.client_secret)
        if client is None:
            raise TokenRefused(
                "invalid_client", "client: expected a known id and its secret, found another", challenge=asked.basic
            )
        log.info("token issued", client=client.id, seconds=int(self._tokens.lifetime))
        return self._tokens.issue(client)


def _json(value: TokenResponse | TokenFault, status: int, more: dict[str, str]) -> Response:
    headers = {**_HEADERS, **more}
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
