"""The client's address and scheme as a proxy tells them: believed from the addresses of --trusted-proxies alone."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from providers import settings as load_settings
from providers.errors import SettingsError
from tests.live import serving, settings

FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


def logged_client(logged: io.StringIO) -> str:
    event = next(line for line in map(json.loads, logged.getvalue().splitlines()) if line["event"] == "refused")
    client: str = event["client"]
    return client


@pytest.mark.parametrize(
    ("trusted", "client"),
    [
        ("127.0.0.1,::1", "203.0.113.7"),
        ("127.0.0.0/8", "203.0.113.7"),
        ("*", "203.0.113.7"),
        ("", "127.0.0.1"),
        ("10.0.0.0/8", "127.0.0.1"),
    ],
)
def test_the_logged_client_is_the_forwarded_one_from_trusted_addresses_only(
    logged: io.StringIO, trusted: str, client: str
) -> None:
    with serving(chosen=settings(trusted_proxies=trusted)) as live:
        assert live.voice({"type": "voice-request"}, headers=FORWARDED).status_code == 401
    assert logged_client(logged) == client


def test_of_several_forwarded_addresses_the_last_untrusted_one_is_the_client(logged: io.StringIO) -> None:
    with serving(chosen=settings(trusted_proxies="127.0.0.1,10.0.0.0/8")) as live:
        headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7, 10.1.2.3"}
        assert live.voice({"type": "voice-request"}, headers=headers).status_code == 401
    assert logged_client(logged) == "203.0.113.7"


@pytest.mark.parametrize("wrong", ["proxy.internal", "10.0.0.1/8", "10.0.0.0/40"])
def test_what_is_no_address_is_refused_at_the_start(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--trusted-proxies: expected addresses, networks or"):
        load_settings.load({"trusted_proxies": wrong, "secret": "a-secret-of-some-length"}, {}, folder=tmp_path)
