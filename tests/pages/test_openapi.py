"""The description of the HTTP routes, judged by schemathesis: generated requests against the running application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import hypothesis
import jsonschema_rs
import pytest
import schemathesis
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection

from providers.assembly import make_authenticator
from providers.engines.base import Chunk, Utterance
from providers.engines.tone import Tone
from providers.pages.openapi import description
from providers.pages.routes import operations
from providers.paths import ENDPOINTING_PATH, SERVER_URL_PATH, TRANSCRIBER_PATH, VOICE_PATH
from tests.live import SECRET, Live, serving, settings


class AnyVoice(Tone):
    """A tone under every name: which voices there are is the engine's to say, not the description's."""

    def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        return super().synthesize(replace(utterance, voice=None))


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(voice=AnyVoice()) as running:
        yield running


AUTHENTICATOR = make_authenticator(settings())
schema = schemathesis.openapi.from_dict(description(operations(VOICE_PATH, ENDPOINTING_PATH), AUTHENTICATOR))


@schema.parametrize()
@hypothesis.settings(max_examples=40, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_route_keeps_to_its_description(case: schemathesis.Case[Any], live: Live) -> None:
    # The endpointing message has two lists, and the one that is not needed is not decoded: it may hold anything.
    # A Server URL message may come without its wrapper, and what only informs is never refused for a field.
    loose = case.path in (ENDPOINTING_PATH, SERVER_URL_PATH)
    lenient: list[CheckFunction] = [negative_data_rejection] if loose else []
    # A question that no handler answers is 501, as described: the server has none.
    asked = case.path == SERVER_URL_PATH
    lenient += [not_a_server_error] if asked else []
    answer = case.call_and_validate(base_url=live.base, headers={"X-Vapi-Secret": SECRET}, excluded_checks=lenient)
    assert answer.status_code < 500 or (asked and answer.status_code == 501)


def test_the_document_is_openapi_and_names_every_route(live: Live) -> None:
    found: dict[str, Any] = httpx.get(live.base + "/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    routes = {route.path for route in live.app.routes if getattr(route, "methods", None)}
    # A WebSocket has no place in OpenAPI; the description says in words where it is.
    page = {"/", "/page/{name}", "/api/page"}
    assert set(found["paths"]) == routes - {TRANSCRIBER_PATH, "/docs.css", "/docs.js"} - page
    assert TRANSCRIBER_PATH in found["info"]["description"]
    for component in found["components"]["schemas"].values():
        jsonschema_rs.meta.validate(component)


@pytest.mark.parametrize("path", ["/docs", "/docs.css", "/docs.js"])
def test_the_page_comes_from_here_alone(live: Live, path: str) -> None:
    response = httpx.get(live.base + path)
    assert response.status_code == 200
    assert response.headers["content-security-policy"] == "default-src 'self'"
    assert "http://" not in response.text
    assert "https://" not in response.text
