"""Messages and answers judged by the platform's own SDK, where it is installed."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from providers.server_url.answers import checked
from providers.server_url.messages import TYPES
from providers.server_url.wire import parse
from tests.server_url.examples import ASKING, INFORMING, wrapped

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    vapi = pytest.importorskip("vapi", reason="needs the platform's SDK: pip install vapi_server_sdk")

ANSWERS = {
    "assistant-request": "ServerMessageResponseAssistantRequest",
    "tool-calls": "ServerMessageResponseToolCalls",
    "transfer-destination-request": "ServerMessageResponseTransferDestinationRequest",
    "handoff-destination-request": "ServerMessageResponseHandoffDestinationRequest",
    "knowledge-base-request": "ServerMessageResponseKnowledgeBaseRequest",
    "campaign.predial": "ServerMessageResponseCampaignPredial",
}
MESSAGES = {
    "assistant-request": "ServerMessageAssistantRequest",
    "assistant.speechStarted": "ServerMessageAssistantSpeech",
    "call.artifact.upload": "ServerMessageCallArtifactUpload",
    "call.delete.failed": "ServerMessageCallDeleteFailed",
    "call.deleted": "ServerMessageCallDeleted",
    "campaign.predial": "ServerMessageCampaignPredial",
    "conversation-update": "ServerMessageConversationUpdate",
    "end-of-call-report": "ServerMessageEndOfCallReport",
    "handoff-destination-request": "ServerMessageHandoffDestinationRequest",
    "hang": "ServerMessageHang",
    "knowledge-base-request": "ServerMessageKnowledgeBaseRequest",
    "language-change-detected": "ServerMessageLanguageChangeDetected",
    "phone-call-control": "ServerMessagePhoneCallControl",
    "speech-update": "ServerMessageSpeechUpdate",
    "status-update": "ServerMessageStatusUpdate",
    "transcript": "ServerMessageTranscript",
    "transfer-destination-request": "ServerMessageTransferDestinationRequest",
    "user-interrupted": "ServerMessageUserInterrupted",
    "voice-input": "ServerMessageVoiceInput",
}


def sdk(name: str) -> Any:
    return getattr(vapi, name)


@pytest.mark.parametrize(
    ("message", "answers"), ASKING, ids=lambda value: "" if isinstance(value, list) else value["type"]
)
def test_answers_are_what_the_sdk_takes(message: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        shape = sdk(ANSWERS[message["type"]])
        if message["type"] == "handoff-destination-request" and "destination" not in answer:
            continue  # the SDK wants a destination beside an error
        shape.model_validate(checked(message["type"], answer))


@pytest.mark.parametrize("message", [one for one in INFORMING if one["type"] in MESSAGES], ids=lambda one: one["type"])
def test_messages_that_the_sdk_writes_are_read(message: dict[str, Any]) -> None:
    written = sdk(MESSAGES[message["type"]]).model_validate(message).model_dump_json(by_alias=True, exclude_none=True)
    found = parse(json.dumps(wrapped(json.loads(written))).encode())
    assert type(found) is TYPES[message["type"]]
    assert found.told() == parse(json.dumps(wrapped(message)).encode()).told()


def test_every_type_of_the_sdk_is_known() -> None:
    names = [name for name in dir(vapi) if name.startswith("ServerMessage") and name.endswith("Type")]
    kinds = {
        value
        for name in names
        for choice in getattr(sdk(name), "__args__", ())
        for value in getattr(choice, "__args__", ())
        if isinstance(value, str)
    }
    assert "hang" in kinds
    elsewhere = {"voice-request", "call.endpointing.request", "partial", "final"}
    assert {kind.partition("[")[0] for kind in kinds} - elsewhere <= set(TYPES)
