"""Settings of what stands between the server and the platform: proxies, and a tunnel."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import Group
from providers.settings.listed import names


class ProxySettings(Group, frozen=True):
    """Who is believed, and what is started."""

    heading: ClassVar[str] = "Server"

    trusted_proxies: Annotated[
        str,
        Meta(
            description="Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed, "
            "comma-separated; * is every one, nothing is none."
        ),
    ] = "127.0.0.1,::1"
    tunnel: Annotated[
        Literal["none", "cloudflared", "ngrok"],
        Meta(description="Start this tunnel, if it is installed, and show the public URL; it ends with the server."),
    ] = "none"

    def faults(self) -> Iterator[str]:
        """A proxy that is no address."""
        for proxy in names(self.trusted_proxies):
            if proxy != "*" and not _is_network(proxy):
                yield f"--trusted-proxies: expected addresses, networks or *, found {proxy!r}"


def _is_network(text: str) -> bool:
    """Whether a text is an IP address or a network whose address has no bits beyond its prefix."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
