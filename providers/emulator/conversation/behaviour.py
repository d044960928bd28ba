"""What the platform's pages leave open, each question one named setting."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=60)]


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers to questions that only a live call can settle; the defaults follow the published timelines."""

    wait_from: Literal["first-audio", "end-of-turn"] = "first-audio"
    """Where ``waitSeconds`` begins: the published timelines count from the voice's first audio, the schema from the end
    of the turn."""
    late_endpointing: Literal["plan", "wait"] = "plan"
    """Until the endpointing server answers: the transcription plan's number runs, or nothing does."""
    endpointing_from: Literal["answer", "transcript"] = "answer"
    """Where the seconds of an endpointing answer begin."""
    repeated_partial_asks: bool = True
    """A partial with the same words asks the endpointing server again."""
    running_utterance_in_messages: bool = True
    """The caller's running utterance is the last message of an endpointing request."""
    aborted_voice: Literal["failure", "end"] = "failure"
    """A voice body that breaks off after sound came: the next voice says the rest, or the chunk ends there."""
    variables_in_urls: bool = False
    """Variables such as ``{{call.id}}`` in the addresses of voice, transcriber and endpointing are filled in."""
    speech_source: Literal["model", "custom-voice"] = "custom-voice"
    """``source`` of an ``assistant.speechStarted`` whose words are the model's and whose sound a custom voice's."""
    voice_requests_at_once: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    """Voice requests in flight: the one that plays and those that are fetched ahead."""
    normal_transcriber_codes: tuple[int, ...] = (1000,)
    """Close codes of a transcriber that start no fallback."""
    hang_seconds: _Seconds = 5.0
    """Seconds after the end of a turn without the assistant's voice until ``hang`` is sent; 0 sends none."""
