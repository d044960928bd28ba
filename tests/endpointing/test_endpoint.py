"""The endpointing door over a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import Live, serving, settings


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(chosen=settings(endpointing_number_seconds=0.7)) as running:
        yield running


@pytest.mark.parametrize(("text", "seconds"), [("Done.", 0.1), ("four", 0.7), ("well", 1.5)])
def test_the_answer_follows_the_words_and_the_settings(live: Live, text: str, seconds: float) -> None:
    answer = live.endpointing({"type": "call.endpointing.request", "messages": [{"role": "user", "message": text}]})
    assert (answer.status_code, answer.json()) == (200, {"timeoutSeconds": seconds})
    assert answer.headers["content-type"] == "application/json"


def test_a_malformed_body_is_400(live: Live) -> None:
    answer = live.endpointing({"type": "call.endpointing.request"})
    assert answer.status_code == 400
    assert "messagesOpenAIFormatted" in answer.json()["error"]


def test_another_message_type_is_an_empty_object(live: Live) -> None:
    assert live.endpointing({"type": "end-of-call-report"}).json() == {}
