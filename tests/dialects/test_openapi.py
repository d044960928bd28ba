"""The description of the dialects' HTTP routes, judged by schemathesis over the running application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from providers.assembly import make_authenticator
from providers.pages.dialects import dialect_operations
from providers.pages.openapi import description
from providers.settings.dialects import DIALECTS
from tests.live import SECRET, Live, serving, settings
from tests.pages.test_openapi import AnyVoice


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(voice=AnyVoice(), chosen=settings(dialects=",".join(DIALECTS))) as running:
        yield running


schema = schemathesis.openapi.from_dict(description(dialect_operations(DIALECTS), make_authenticator(settings())))


@schema.parametrize()
@hypothesis.settings(max_examples=6, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_route_keeps_to_its_description(case: schemathesis.Case[Any], live: Live) -> None:
    # Vendors add fields at any time, and what is not known here is ignored, whatever it holds. Whether a text has words
    # and a file sound is not the schema's to say.
    lenient: list[CheckFunction] = [negative_data_rejection, positive_data_acceptance]
    case.call_and_validate(base_url=live.base, headers={"X-Vapi-Secret": SECRET}, excluded_checks=lenient)


def test_the_document_names_the_dialects_that_are_served_and_no_others(live: Live) -> None:
    paths = httpx.get(live.base + "/openapi.json").json()["paths"]
    served = {path for path in paths if path.startswith(("/v1/", "/api/jambonz/"))}
    routes = {route.path for route in live.app.routes if getattr(route, "methods", None)}
    assert served == {path for path in routes if path.startswith(("/v1/", "/api/jambonz/"))}
    assert len(served) == 8
    with serving() as plain:
        others = httpx.get(plain.base + "/openapi.json").json()["paths"]
        assert not served & set(others)
        assert httpx.get(plain.base + "/v1/models").status_code == 404
