"""One clear line for everything that can be wrong between here and a server.

::

    EmulatorError                      a command cannot go on; its message is the line the user reads
    ├── Unreachable                 no connection: nothing listens, TLS, wrong scheme, no HTTP on the other side
    └── Refused                     a server that answers, but not with what was asked for; carries its status
"""

from __future__ import annotations

import ssl

import h11
import msgspec
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI, WebSocketException

from providers.errors import ProvidersError


class EmulatorError(ProvidersError):
    """A command cannot go on."""


class Unreachable(EmulatorError):
    """No connection to a server."""


class ServerRefused(EmulatorError):
    """The server answers, but not with what was asked for; ``status`` is its HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


_LONGEST_SENTENCE = 300

NETWORK_ERRORS = (h11.RemoteProtocolError, WebSocketException, OSError, TimeoutError)
"""What a connection attempt may raise; `explained` turns each into one line."""


def bare(url: str) -> str:
    """A URL without its query, which may hold a token."""
    return url.partition("?")[0]


def explained(url: str, fault: BaseException) -> EmulatorError:
    """Say in one line why a server could not be reached, or what it answered instead."""
    where = bare(url)
    if isinstance(fault, EmulatorError):
        return fault
    if isinstance(fault, InvalidStatus):
        return refusal(url, fault.response.status_code, bytes(fault.response.body or b""))
    found = _tls_fault(fault)
    if found:
        return Unreachable(f"{where}: TLS error: {found}")
    return Unreachable(f"{where}: {_plain_fault(fault)}")


def refusal(url: str, status: int, body: bytes = b"") -> ServerRefused:
    """Say what a status means to the platform's side, with the server's own sentence where it gives one."""
    reason = {
        401: "the server wants a credential (--secret, --bearer, --hmac or --token)",
        403: "the server wants a credential (--secret, --bearer, --hmac or --token)",
        404: "there is no such endpoint at this address",
        405: "this address is not that endpoint",
        413: "the request is too large for the server",
        502: "the engine behind the server failed",
        503: "the server is full",
    }.get(status, "the server did not answer as asked")
    detail = sentence(body)
    return ServerRefused(f"{bare(url)}: HTTP {status}: {reason}{f': {detail}' if detail else ''}", status=status)


def sentence(body: bytes) -> str:
    """What a server says about an error: the text in its JSON, or the first line of what it sent."""
    try:
        told = msgspec.json.decode(body)
        found = next((told[name] for name in ("error", "detail", "message") if isinstance(told.get(name), str)), "")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        found = body.decode(errors="replace").strip().partition("\n")[0]
    return str(found)[:_LONGEST_SENTENCE]


def _tls_fault(fault: BaseException) -> str | None:
    """What is wrong with TLS, or None when TLS is not what is wrong."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{cause.verify_message} (SSL_CERT_FILE names a certificate to trust)"
        if isinstance(cause, ssl.SSLError):
            if cause.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
                return "the server speaks plain HTTP here: use http:// or ws://"
            return (cause.reason or str(cause)).replace("_", " ").lower()
        cause = cause.__cause__ or cause.__context__
    return None


def _plain_fault(fault: BaseException) -> str:
    text = str(fault)
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    if isinstance(fault, ConnectionRefusedError) or "refused" in text or "All connection attempts failed" in text:
        return "connection refused: no server listens on this port"
    if isinstance(fault, InvalidURI):
        return "not an address that can be called"
    if isinstance(fault, ConnectionResetError | BrokenPipeError):
        return "the server closed the connection without an answer (its log says why; if it speaks TLS, use https://)"
    if isinstance(fault, InvalidMessage | h11.RemoteProtocolError | EOFError):
        return "the other side does not answer in plain HTTP (https:// or wss:// perhaps?)"
    if isinstance(fault, InvalidHandshake):
        return f"no WebSocket there ({text})"
    if "Name or service not known" in text or "nodename nor servname" in text or "name resolution" in text:
        return "no such host"
    return text or type(fault).__name__
