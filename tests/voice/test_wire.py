"""The voice request's JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadRequest, RequestError, TooLarge
from providers.jsonbody import OtherMessage
from providers.voice.wire import VoiceRequest, parse


def message(**changes: Any) -> dict[str, Any]:
    return {"type": "voice-request", "text": "Hi.", "sampleRate": 24000, **changes}


def read(body: Any) -> VoiceRequest | OtherMessage:
    return parse(json.dumps(body).encode(), max_text_chars=20)


def request(body: Any) -> VoiceRequest:
    got = read(body)
    assert isinstance(got, VoiceRequest)
    return got


@pytest.mark.parametrize("wrap", [lambda m: {"message": m}, lambda m: {"messsage": m}, lambda m: m])
def test_wrapper_may_be_right_misspelt_or_absent(wrap: Any) -> None:
    assert request(wrap(message())) == VoiceRequest("Hi.", 24000, None, "")


def test_unknown_fields_and_either_timestamp_are_ignored() -> None:
    for timestamp in (1790000000000, "2026-01-01T00:00:00Z"):
        body = message(timestamp=timestamp, phoneNumber={"twilioAuthToken": "x"}, artifact=[1, {"a": None}], new=1)
        assert request({"message": body, "extra": {}}).text == "Hi."


@pytest.mark.parametrize(
    ("fields", "voice"),
    [
        ({"voiceId": "a", "assistant": {"voice": {"voiceId": "b"}}}, "a"),
        ({"assistant": {"voice": {"voiceId": "b"}}, "call": {"assistant": {"voice": {"voiceId": "c"}}}}, "b"),
        ({"voice": {"voiceId": "v"}}, "v"),
        ({"call": {"id": "1", "assistant": {"voice": {"voiceId": "c"}}}}, "c"),
        ({"voiceId": None, "assistant": {"voice": None}}, None),
        ({"voiceId": ""}, None),
    ],
)
def test_the_voice_is_looked_for_in_order(fields: dict[str, Any], voice: str | None) -> None:
    assert request({"message": message(**fields)}).voice == voice


def test_the_call_id_comes_along() -> None:
    assert request({"message": message(call={"id": "0199", "orgId": "o"})}).call_id == "0199"


def test_another_type_is_told_apart_even_when_its_fields_differ() -> None:
    assert read({"message": {"type": "hang", "text": 5}}) == OtherMessage("hang")


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000.0, 44100, 48000])
def test_every_integer_rate_is_taken(rate: float) -> None:
    assert request({"message": message(sampleRate=rate)}).sample_rate == rate


@pytest.mark.parametrize(
    "rate",
    [7999, 48001, 0, -8000, 16000.5, 10**400, -(10**4000), 1e300, "16000", None, True, [16000]],
    ids=lambda rate: str(rate)[:12] if not isinstance(rate, int) or rate.bit_length() < 64 else "many digits",
)
def test_a_wrong_rate_is_named(rate: Any) -> None:
    with pytest.raises(BadRequest, match=r"message\.sampleRate"):
        read({"message": message(sampleRate=rate)})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b"\xff\xfe", "body"),
        (b"{}", "type"),
        (b'{"message":"hi"}', "message"),
        (b'{"message":{"type":5}}', r"message\.type"),
        (b'{"message":{"type":"voice-request","sampleRate":8000}}', r"message\.text"),
        (b'{"message":{"type":"voice-request","text":5,"sampleRate":8000}}', r"message\.text"),
        (b'{"message":{"type":"voice-request","text":"\xff","sampleRate":8000}}', r"message\.text"),
        (b'{"message":{"type":"voice-request","text":"a","sampleRate":8000,"call":{"id":1}}}', r"message\.call\.id"),
        (b'{"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "message|body"),
    ],
)
def test_a_wrong_body_names_the_field(body: bytes, named: str) -> None:
    with pytest.raises(BadRequest, match=f"^(?:{named}): expected"):
        parse(body, max_text_chars=20)


HOSTILE = [
    b"1" * 400, b"-" + b"1" * 100_000, b"1e400", b"1e-400", b"8000." + b"0" * 5000, b"NaN", b"true", b"null",
    b'"\\ud800"', b'"\\u0000\\u0001"', b'"\xed\xa0\x80"', b'"\xff"', b"[" * 100_000, b"[" * 900 + b"]" * 900,
    b'{"a":' * 2000 + b"1" + b"}" * 2000, b"{}", b"[]", b"",
]  # fmt: skip


@pytest.mark.parametrize("shape", [b"%s", b'{"id":%s}', b'{"voiceId":%s}', b'{"assistant":{"voice":{"voiceId":%s}}}'])
@pytest.mark.parametrize("field", ["type", "text", "sampleRate", "voiceId", "voice", "assistant", "call", "timestamp"])
def test_hostile_json_in_any_field_gives_a_request_of_clean_text_or_one_named_error(field: str, shape: bytes) -> None:
    for value in HOSTILE:
        fields = {"type": b'"voice-request"', "text": b'"hi"', "sampleRate": b"8000", field: shape % value}
        body = b'{"message":{' + b",".join(b'"%s":%s' % (name.encode(), raw) for name, raw in fields.items()) + b"}}"
        try:
            read_request = parse(body, max_text_chars=100)
        except RequestError as error:
            assert re.match(r"(message(\.\w+)*|body): expected", str(error))
            assert len(str(error)) < 200
            continue
        if isinstance(read_request, VoiceRequest):
            (read_request.text + (read_request.voice or "") + read_request.call_id).encode()


def test_a_text_over_the_limit_is_too_large() -> None:
    assert request({"message": message(text="x" * 20)}).text == "x" * 20
    with pytest.raises(TooLarge, match=r"message\.text: expected at most 20 characters, found 21"):
        read({"message": message(text="x" * 21)})


def test_an_error_never_quotes_the_body() -> None:
    with pytest.raises(BadRequest) as error:
        read({"message": message(text=["hunter2"], phoneNumber={"twilioAuthToken": "hunter2"})})
    assert "hunter2" not in str(error.value)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_request_or_one_named_error(body: bytes) -> None:
    try:
        parse(body, max_text_chars=20)
    except RequestError as error:
        assert ": " in str(error)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3)))
def test_any_value_in_a_known_field_gives_a_request_or_one_named_error(value: Any) -> None:
    for name in ("text", "sampleRate", "voiceId", "assistant", "call", "type"):
        try:
            read({"message": message(**{name: value})})
        except RequestError as error:
            assert str(error).startswith(f"message.{name}")
