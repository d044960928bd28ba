"""Which credentials are accepted."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from providers.access_tokens import AccessTokens, Client
from providers.auth import OPEN, Authenticator, Credentials
from providers.errors import Unauthorized
from providers.signatures import HmacPlan, SeenSignatures, SignedParts, hmac_key, url_forms

BODY = b'{"message":{"type":"voice-request","text":"Hi.","sampleRate":24000}}'
SENT = 1_700_000_000


def plan(**changes: object) -> HmacPlan:
    return HmacPlan(**{"key": b"test-secret", **changes})  # type: ignore[arg-type]


URL = "https://x.example/v"


def sign(wanted: HmacPlan, *, body: bytes = BODY, timestamp: str = str(SENT), **more: str) -> str:
    return wanted.signature(SignedParts(body=body, timestamp=timestamp, **{"url": URL, **more}))


def signed(
    wanted: HmacPlan, headers: dict[str, str], *, body: bytes = BODY, now: float = SENT, url: str = URL
) -> Authenticator:
    """Check one signed request; the checker, for another one."""
    check = Authenticator(signed=wanted, clock=lambda: now)
    again(check, headers, body=body, url=url)
    return check


def again(check: Authenticator, headers: dict[str, str], *, body: bytes = BODY, url: str = URL) -> None:
    credentials = Credentials(headers=Headers(headers), method="POST", url=url)
    assert not check.check_headers(credentials)
    check.check_signature(credentials, body)


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


def test_a_signature_is_accepted_once() -> None:
    headers = {"x-signature": sign(plan()), "x-timestamp": str(SENT)}
    check = signed(plan(), headers)
    with pytest.raises(Unauthorized, match="used before"):
        again(check, headers)
    other = BODY.replace(b"Hi.", b"Ho.")
    again(check, {"x-signature": sign(plan(), body=other), "x-timestamp": str(SENT)}, body=other)


def test_a_signature_spelt_in_capitals_is_the_same_one() -> None:
    check = signed(plan(), {"x-signature": sign(plan()).upper(), "x-timestamp": str(SENT)})
    with pytest.raises(Unauthorized, match="used before"):
        again(check, {"x-signature": sign(plan()), "x-timestamp": str(SENT)})


def test_a_refused_signature_is_not_remembered() -> None:
    check = Authenticator(signed=plan(), clock=lambda: SENT)
    headers = {"x-signature": sign(plan()), "x-timestamp": str(SENT)}
    with pytest.raises(Unauthorized):
        again(check, headers, body=b"{}")
    again(check, headers)


def test_used_signatures_are_remembered_while_they_are_valid_and_the_memory_is_bounded() -> None:
    seen = SeenSignatures(window=10, limit=100)
    now = 1000.0
    for number in range(5000):
        now += 0.1
        assert seen.add(b"%d" % number, now)
        assert not seen.add(b"%d" % max(0, number - 90), now)
        assert len(seen) <= 200
    assert seen.add(b"0", now + 100)


@pytest.mark.parametrize("signature", ["", "00", "zz" * 32, "l2HQ1MmDf6a8gIuP5xQf60oZdneRQFjJJNdx+0jMDl0="])
def test_a_signature_that_cannot_be_one_is_refused_before_the_body(signature: str) -> None:
    credentials = Credentials(headers=Headers({"x-signature": signature, "x-timestamp": str(SENT)}))
    with pytest.raises(Unauthorized, match="x-signature"):
        Authenticator(signed=plan(), clock=lambda: SENT).check_headers(credentials)


def test_a_signature_of_another_time_is_refused_before_the_body() -> None:
    credentials = Credentials(headers=Headers({"x-signature": sign(plan()), "x-timestamp": "1"}))
    with pytest.raises(Unauthorized, match="x-timestamp"):
        Authenticator(signed=plan(), clock=lambda: SENT).check_headers(credentials)


def test_method_and_url_can_be_signed_and_braces_in_a_body_stay_as_they_are() -> None:
    wanted = plan(payload_format="{method} {url} {timestamp} {body}")
    assert sign(wanted, body=b"{timestamp}{url}") != sign(wanted, body=str(SENT).encode() + URL.encode())
    signed(wanted, {"x-signature": sign(wanted), "x-timestamp": str(SENT)})


@pytest.mark.parametrize("form", ["https://x.example/v?a=1", "http://x.example/v?a=1", "/v?a=1", "/v"])
def test_a_signed_url_is_accepted_in_every_form_and_for_no_other_path(form: str) -> None:
    wanted = plan(payload_format="{method} {url} {timestamp} {body}")
    headers = {"x-signature": sign(wanted, url=form), "x-timestamp": str(SENT)}
    signed(wanted, headers, url="http://x.example/v?a=1")
    with pytest.raises(Unauthorized):
        signed(wanted, headers, url="http://x.example/other?a=1")


def test_no_form_of_a_url_leaves_out_its_path() -> None:
    assert all("/v" in form for form in url_forms("wss://x.example/v?token=t"))


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


def test_the_token_of_the_url_counts_only_where_the_endpoint_takes_one() -> None:
    check = Authenticator(token="t")
    check.check(Credentials(headers=Headers(), tokens=("t",)))
    with pytest.raises(Unauthorized):
        check.check(Credentials(headers=Headers()))


@pytest.mark.parametrize("value", ["Bearer t", "bearer t", "BEARER t", "  Bearer   t\t"])
def test_the_scheme_of_a_bearer_token_has_no_case_and_white_space_around_is_lost(value: str) -> None:
    Authenticator(bearer="t").check(Credentials(headers=Headers({"Authorization": value})))


def test_white_space_around_a_plain_secret_is_lost() -> None:
    Authenticator(secret="s3").check(Credentials(headers=Headers({"X-Vapi-Secret": " s3\t"})))


@pytest.mark.parametrize("values", [(b"s3", b"other"), (b"other", b"s3"), (b"s3", b"")])
def test_a_credential_that_comes_twice_and_differs_is_refused(values: tuple[bytes, bytes]) -> None:
    headers = Headers(raw=[(b"x-vapi-secret", value) for value in values])
    with pytest.raises(Unauthorized, match="x-vapi-secret: expected one value, found 2 different ones"):
        Authenticator(secret="s3").check(Credentials(headers=headers))
    with pytest.raises(Unauthorized, match="token"):
        Authenticator(token="s3").check(Credentials(headers=Headers(), tokens=("s3", "other")))


def test_a_credential_that_a_proxy_doubled_is_accepted() -> None:
    headers = Headers(raw=[(b"x-vapi-secret", b"s3"), (b"x-vapi-secret", b"s3")])
    Authenticator(secret="s3").check(Credentials(headers=headers))


def test_nothing_configured_refuses_every_request() -> None:
    with pytest.raises(Unauthorized):
        Authenticator().check(Credentials(headers=Headers({"x-vapi-secret": ""}), tokens=("",)))


def test_open_accepts_every_request() -> None:
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


def test_an_access_token_comes_in_as_a_bearer_and_no_other_does() -> None:
    client = Client("vapi", "a-secret-of-some-length")
    tokens = AccessTokens([client], lifetime=60.0)
    check = Authenticator(access_tokens=tokens)
    check.check(Credentials(headers=Headers({"authorization": f"bearer {tokens.issue(client)}"})))
    for wrong in ("Bearer guess", tokens.issue(client), "Bearer "):
        with pytest.raises(Unauthorized, match="expected an OAuth token in header authorization, found none"):
            check.check(Credentials(headers=Headers({"authorization": wrong})))


def test_an_upgrade_has_no_body_and_its_signature_counts_more_than_once() -> None:
    wanted = plan(timestamp_header="x-timestamp")
    headers = Headers({"x-signature": sign(wanted, body=b""), "x-timestamp": str(SENT)})
    check = Authenticator(signed=wanted, clock=lambda: SENT)
    for _ in range(2):
        check.check(Credentials(headers=headers, method="GET", url=URL))
    with pytest.raises(Unauthorized, match="expected a valid sha256 signature, found another"):
        check.check(Credentials(headers=Headers({"x-signature": "0" * 64, "x-timestamp": str(SENT)}), url=URL))


def test_a_refusal_names_every_way_in() -> None:
    tokens = AccessTokens([Client("vapi", "a-secret-of-some-length")], lifetime=60.0)
    check = Authenticator(secret="s", bearer="b", token="t", access_tokens=tokens, signed=plan())
    assert check.expected() == (
        "header X-Vapi-Secret or a token in header authorization or an OAuth token in header authorization"
        " or an HMAC signature in header x-signature or ?token= on the socket"
    )
    assert Authenticator().expected() == "a configured credential"
