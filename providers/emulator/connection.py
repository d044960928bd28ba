"""A TCP connection to a server, with TLS where its URL says so, through the environment's proxy where one is set."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import os
import socket
import ssl
import urllib.request
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from providers.emulator.failures import Unreachable, bare

_Protocol = TypeVar("_Protocol", bound=asyncio.BaseProtocol)

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_LONGEST_HEAD = 64 * 1024
"""Bytes of a proxy's answer."""


def is_loopback(url: str) -> bool:
    """True for this machine's own addresses, which no proxy can reach for us."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tls_context(url: str) -> ssl.SSLContext | None:
    """The machine's own trust store (SSL_CERT_FILE adds to it), or None where there is no TLS."""
    if urlsplit(url).scheme not in ("https", "wss"):
        return None
    return _trust_store(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.cache
def _trust_store(file: str | None, folder: str | None) -> ssl.SSLContext:
    """One context for all connections: making one reads every certificate of the machine."""
    return ssl.create_default_context()


async def connected(url: str, protocol: Callable[[], _Protocol]) -> _Protocol:
    """Connect a protocol to the server of a URL.

    Raises
    ------
    OSError, Unreachable
        No connection, or not an address.
    """
    host, port = _address(url)
    loop = asyncio.get_running_loop()
    context = tls_context(url)
    proxy = _proxy(url)
    if proxy is None:
        return (await loop.create_connection(protocol, host, port, ssl=context))[1]
    sock = await tunnelled(proxy, host, port)
    name = host if context is not None else None
    return (await loop.create_connection(protocol, sock=sock, ssl=context, server_hostname=name))[1]


async def tunnelled(proxy: str, host: str, port: int) -> socket.socket:
    """A connection to a host through an HTTP proxy (CONNECT, RFC 9110, 9.3.6)."""
    loop = asyncio.get_running_loop()
    where = _address(proxy)
    sock = await loop.run_in_executor(None, functools.partial(socket.create_connection, where, timeout=10.0))
    sock.settimeout(0.0)
    try:
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        await loop.sock_sendall(sock, f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
            piece = await loop.sock_recv(sock, 1)  # not a byte of what the server says after the proxy's answer
            if not piece:
                break
            head += piece
    except BaseException:
        sock.close()
        raise
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        sock.close()
        shown = status[0].decode("latin-1") if status else "nothing"
        raise Unreachable(f"{bare(proxy)}: the proxy refused to connect to {authority}: {shown}")
    return sock


def _address(url: str) -> tuple[str, int]:
    """Host and port."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # a port that is no number
        host, port = None, None
    if not host or port is None:
        raise Unreachable(f"{bare(url)}: not an address that can be called")
    return host, port


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL, or None."""
    parts = urlsplit(url)
    if is_loopback(url) or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    known = urllib.request.getproxies()
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    proxy = known.get(scheme) or known.get("all")
    return proxy if proxy and urlsplit(proxy).scheme == "http" else None
