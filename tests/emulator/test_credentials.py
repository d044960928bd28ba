"""The emulator proves itself in each of Vapi's ways, and shows none of them."""

from providers.emulator.credentials import SentCredentials

BODY = b'{"message":{"type":"voice-request","text":"Hi.","sampleRate":24000}}'


def test_the_signature_is_the_documented_vector() -> None:
    made = SentCredentials(hmac_key="test-secret").headers(BODY, clock=lambda: 1700000000.9)
    assert made == {
        "X-Timestamp": "1700000000",
        "X-Signature": "9761d0d4c9837fa6bc808b8fe7141feb4a197677914058c924d771fb48cc0e5d",
    }


def test_secret_and_bearer_are_headers_and_the_token_is_in_the_address() -> None:
    credentials = SentCredentials(secret="s", bearer="b", token="t/1")
    assert credentials.headers(b"") == {"X-Vapi-Secret": "s", "Authorization": "Bearer b"}
    assert credentials.address("ws://h/x") == "ws://h/x?token=t%2F1"
    assert credentials.address("ws://h/x?a=1") == "ws://h/x?a=1&token=t%2F1"


def test_no_credential_adds_nothing() -> None:
    assert not SentCredentials()
    assert SentCredentials().headers(b"") == {}
    assert SentCredentials().address("ws://h/x") == "ws://h/x"


def test_a_false_credential_differs_in_value_only() -> None:
    right = SentCredentials(secret="0123456789" * 30, token="t")
    wrong = right.falsified()
    assert wrong.bearer is None
    assert wrong.hmac_key is None
    assert wrong.secret != right.secret
    assert len(wrong.secret or "") == 300
    assert len(wrong.token or "") == 1


def test_no_credential_is_ever_shown() -> None:
    assert "hush" not in repr(SentCredentials("hush", "hush", "hush", "hush"))
