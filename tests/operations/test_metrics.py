"""The metrics of a served request and call, as Prometheus reads them: values, bounded labels, exemplars."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus

from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.events import EngineEvent
from providers.operations.labels import CLOSE_CODES, close_code, exemplar
from providers.operations.metrics import Metrics
from tests.fakes import ScriptedListener, ScriptedVoice
from tests.live import SECRET, Live, serving, settings, start

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def page(live: Live, accept: str = "text/plain") -> str:
    return httpx.get(live.base + "/metrics", headers={"X-Vapi-Secret": SECRET, "Accept": accept}).text


def value(text: str, series: str) -> float:
    (found,) = re.findall(rf"^{re.escape(series)} (\S+)", text, re.MULTILINE)
    return float(found)


def shown(metrics: Metrics) -> str:
    return metrics.exposition()[0].decode()


def one_final(pcm: bytes) -> list[Transcript]:
    return [Transcript("Hello.", final=True, start=0.0, end=0.1)]


def test_first_audio_is_counted_by_the_engine_that_spoke() -> None:
    with serving(voice=ScriptedVoice(name="first,second")) as live:
        live.say("Hi")
        text = page(live)
    assert value(text, 'providers_first_audio_seconds_count{engine="first"}') == 1
    assert value(text, 'providers_voice_requests_total{outcome="complete"}') == 1


def test_a_transcripts_lag_is_counted_from_the_arrival_of_its_audio() -> None:
    with serving(transcriber=ScriptedListener(one_final, name="ear")) as live:
        with live.call() as call:
            call.send(start(16000, 1))
            call.send(bytes(6400))
            assert json.loads(call.recv(5))["transcription"] == "Hello."
            assert value(page(live), "providers_calls") == 1
        text = page(live)
    assert value(text, 'providers_transcript_lag_seconds_count{engine="ear",kind="final"}') == 1
    assert value(text, 'providers_transcript_lag_seconds_sum{engine="ear",kind="final"}') < 5


def test_limits_and_states_are_shown_before_anything_happens() -> None:
    listener = ScriptedListener(name="ear", capabilities=ListeningCapabilities(capacity=3))
    with serving(voice=ScriptedVoice(name="a,b"), transcriber=listener, chosen=settings(max_voices=7)) as live:
        text = page(live)
    assert value(text, "providers_calls_limit") == 3
    assert value(text, "providers_voices_limit") == 7
    for role, engine in (("voice", "a"), ("voice", "b"), ("transcriber", "ear")):
        assert value(text, f'providers_engine_cooling_down{{engine="{engine}",role="{role}"}}') == 0
    assert value(text, 'providers_refused_total{endpoint="transcriber",reason="full"}') == 0


def test_every_refusal_is_counted_by_endpoint_and_reason() -> None:
    with serving(chosen=settings(max_calls=1)) as live:
        live.voice({}, headers={"X-Vapi-Secret": "wrong"})
        live.voice({"type": "voice-request"})
        live.endpointing({"type": "call.endpointing.request", "messages": 1})
        with live.call(), pytest.raises(InvalidStatus), live.call():
            raise AssertionError("it was let in")
        with pytest.raises(InvalidStatus), live.call(headers={"X-Vapi-Secret": "wrong"}):
            raise AssertionError("it was let in")
        text = page(live)
    for endpoint, reason in (
        ("voice", "unauthorised"),
        ("voice", "bad-request"),
        ("endpointing", "bad-request"),
        ("transcriber", "full"),
        ("transcriber", "unauthorised"),
    ):
        assert value(text, f'providers_refused_total{{endpoint="{endpoint}",reason="{reason}"}}') == 1


def test_endpointing_answers_are_counted_by_what_decided() -> None:
    turn = {"type": "call.endpointing.request", "messages": [{"role": "user", "message": "It is 555"}]}
    with serving() as live:
        live.endpointing(turn)
        text = page(live)
    assert value(text, 'providers_endpointing_answers_total{reason="number"}') == 1


def test_an_engine_that_failed_cools_down_until_it_returns() -> None:
    metrics = Metrics()
    observe = metrics.engines.observer("voice")
    observe(EngineEvent("failed", "deepgram", "closed"))
    assert value(shown(metrics), 'providers_engine_cooling_down{engine="deepgram",role="voice"}') == 1
    observe(EngineEvent("returned", "deepgram"))
    observe(EngineEvent("gap", "deepgram", value=1.5))
    text = shown(metrics)
    assert value(text, 'providers_engine_cooling_down{engine="deepgram",role="voice"}') == 0
    assert value(text, 'providers_engine_events_total{engine="deepgram",kind="failed"}') == 1
    assert value(text, "providers_audio_lost_seconds_total") == 1.5


def test_an_exemplar_leads_to_the_call_in_the_openmetrics_format_only() -> None:
    with serving() as live:
        live.say("Hi", call={"id": "call-7"})
        asked, plain = page(live, OPENMETRICS), page(live)
    parsed = text_string_to_metric_families(asked)  # type: ignore[no-untyped-call]  # theirs has no annotations
    families = {family.name: family for family in parsed}
    found = {str(s.exemplar.labels) for s in families["providers_first_audio_seconds"].samples if s.exemplar}
    assert found == {"{'call_id': 'call-7'}"}
    assert "call-7" not in plain


@pytest.mark.parametrize("call_id", [None, "", "a b", "é", "x" * 101, 'a"b', "a\nb"])
def test_a_call_id_that_is_not_plain_is_no_exemplar(call_id: str | None) -> None:
    assert exemplar(call_id) is None


def test_labels_are_bounded_whatever_a_client_sends() -> None:
    assert {close_code(code) for code in (*range(3000, 5000), None, "x", 7)} == {"application"}
    assert close_code(1011) == "1011"
    assert "1011" in CLOSE_CODES


def test_no_series_is_added_by_what_clients_send() -> None:
    with serving() as live:
        before = {line.split(" ")[0] for line in page(live).splitlines()}
        for number in range(3):
            live.say("Hi", call={"id": f"call-{number}"}, voice={"voiceId": f"v{number}"})
            httpx.get(f"{live.base}/nowhere/{number}")
            live.voice({"type": f"kind-{number}"})
            with live.call(query=f"?model=m{number}") as call:
                call.close(3000 + number)
        new = {line.split(" ")[0] for line in page(live).splitlines()} - before
    assert {re.sub(r"_(bucket|count|sum|created|total).*", "", line) for line in new} <= {
        "providers_first_audio_seconds"
    }
