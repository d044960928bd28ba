"""Who may come in."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from providers.auth import OPEN, Authenticator, Credentials, HmacPlan, hmac_key
from providers.errors import Unauthorized

BODY = b'{"message":{"type":"voice-request","text":"Hi.","sampleRate":24000}}'
SENT = 1_700_000_000


def plan(**changes: object) -> HmacPlan:
    return HmacPlan(**{"key": b"test-secret", **changes})  # type: ignore[arg-type]


def sign(wanted: HmacPlan, *, body: bytes = BODY, timestamp: str = str(SENT), message_id: str = "") -> str:
    return wanted.signature(
        body=body, timestamp=timestamp, method="POST", url="https://x.example/v", message_id=message_id
    )


def signed(wanted: HmacPlan, headers: dict[str, str], *, body: bytes = BODY, now: float = SENT) -> None:
    credentials = Credentials(headers=Headers(headers), method="POST", url="https://x.example/v", body=body)
    Authenticator(signed=wanted, clock=lambda: now).check(credentials)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "9761d0d4c9837fa6bc808b8fe7141feb4a197677914058c924d771fb48cc0e5d"),
        ({"signature_encoding": "base64"}, "l2HQ1MmDf6a8gIuP5xQf60oZdneRQFjJJNdx+0jMDl0="),
        ({"algorithm": "sha1"}, "e7dee08e5b15fb556742dc050ea2971fe68342e1"),
    ],
)
def test_signatures_equal_the_documented_vectors(changes: dict[str, object], expected: str) -> None:
    assert sign(plan(**changes)) == expected


def test_a_svix_style_signature_equals_the_documented_vector() -> None:
    wanted = plan(
        key=hmac_key("dGVzdC1zZWNyZXQ=", is_base64=True),
        payload_format="{svix-id}.{timestamp}.{body}",
        signature_encoding="base64",
        signature_prefix="v1,",
    )
    assert sign(wanted, message_id="msg_1") == "v1,ZjDiNOtVHz/TuFjyGaxR+WZH/F1BO0rx6drjTchmhJ4="


def test_a_signed_body_comes_in() -> None:
    signed(plan(), {"X-Signature": sign(plan()), "X-Timestamp": str(SENT)})


def test_a_timestamp_in_milliseconds_is_understood() -> None:
    stamp = str(SENT * 1000)
    signed(plan(), {"x-signature": sign(plan(), timestamp=stamp), "x-timestamp": stamp})


@pytest.mark.parametrize("now", [SENT + 301, SENT - 301, SENT + 1e9])
def test_a_replayed_request_is_refused_outside_the_window(now: float) -> None:
    with pytest.raises(Unauthorized, match="x-timestamp"):
        signed(plan(), {"x-signature": sign(plan()), "x-timestamp": str(SENT)}, now=now)


@pytest.mark.parametrize("stamp", ["", "soon", "nan", "inf"])
def test_a_timestamp_that_is_no_time_is_refused(stamp: str) -> None:
    with pytest.raises(Unauthorized):
        signed(plan(), {"x-signature": sign(plan(), timestamp=stamp), "x-timestamp": stamp})


def test_a_body_changed_by_one_byte_is_refused() -> None:
    with pytest.raises(Unauthorized, match="x-signature"):
        signed(plan(), {"x-signature": sign(plan()), "x-timestamp": str(SENT)}, body=BODY + b" ")


def test_without_timestamp_only_the_body_is_signed() -> None:
    wanted = plan(include_timestamp=False)
    assert wanted.signature(body=BODY, timestamp="9", method="", url="", message_id="") == sign(
        plan(payload_format="{body}")
    )
    signed(wanted, {"x-signature": sign(wanted)}, now=0)


def test_method_and_url_can_be_signed_and_braces_in_a_body_stay_as_they_are() -> None:
    wanted = plan(payload_format="{method} {url} {timestamp} {body}")
    assert sign(wanted, body=b"{timestamp}{url}") != sign(wanted, body=str(SENT).encode() + b"https://x.example/v")
    signed(wanted, {"x-signature": sign(wanted), "x-timestamp": str(SENT)})


@pytest.mark.parametrize("header", ["X-Vapi-Secret", "x-vapi-secret", "X-VAPI-SIGNATURE"])
def test_the_plain_secret_comes_in_by_either_header_in_any_case(header: str) -> None:
    check = Authenticator(secret="s3")
    check.check(Credentials(headers=Headers({header: "s3"})))
    with pytest.raises(Unauthorized):
        check.check(Credentials(headers=Headers({header: "s4"})))


def test_the_bearer_header_and_its_prefix_are_configurable() -> None:
    check = Authenticator(bearer="t", bearer_header="x-api-key", bearer_prefix="")
    check.check(Credentials(headers=Headers({"X-Api-Key": "t"})))
    for wrong in ({"Authorization": "Bearer t"}, {"X-Api-Key": "Bearer t"}, {"X-Api-Key": ""}):
        with pytest.raises(Unauthorized):
            check.check(Credentials(headers=Headers(wrong)))


def test_the_token_of_the_url_counts_only_where_the_door_takes_one() -> None:
    check = Authenticator(token="t")
    check.check(Credentials(headers=Headers(), token="t"))
    with pytest.raises(Unauthorized):
        check.check(Credentials(headers=Headers(), token=None))


def test_nothing_configured_lets_nobody_in() -> None:
    with pytest.raises(Unauthorized):
        Authenticator().check(Credentials(headers=Headers({"x-vapi-secret": ""}), token=""))


def test_open_lets_everybody_in() -> None:
    OPEN.check(Credentials(headers=Headers()))


def test_a_refusal_and_a_repr_hold_no_secret() -> None:
    check = Authenticator(secret="hunter2", bearer="hunter2", token="hunter2", signed=plan(key=b"hunter2"))
    with pytest.raises(Unauthorized) as refusal:
        check.check(Credentials(headers=Headers({"x-vapi-secret": "guess-1"})))
    assert "hunter2" not in repr(check) + str(refusal.value)
    assert "guess-1" not in str(refusal.value)


def test_a_secret_beyond_ascii_is_compared_and_not_a_fault() -> None:
    with pytest.raises(Unauthorized):
        Authenticator(secret="plain").check(Credentials(headers=Headers(raw=[(b"x-vapi-secret", b"pl\xe4in")])))
