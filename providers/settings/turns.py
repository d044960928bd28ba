"""Settings of the turn engines."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import Count, Group, Seconds


class TurnSettings(Group, frozen=True):
    """How a turn's end is decided beside the seconds of the plan."""

    heading: ClassVar[str] = "Turns"

    turns: Annotated[
        Literal["answer", "drive"],
        Meta(
            description="answer: answer endpointing requests. drive: hold finals, too, until the turn is over; needs"
            " this server as transcriber and as endpointing model."
        ),
    ] = "answer"
    turn_engines: Annotated[
        str,
        Meta(
            description="Turn engines in order, comma-separated, each with a weight if it is not 1: text,acoustic=0.8."
        ),
    ] = "recogniser,text"
    turn_wait_function: Annotated[
        str,
        Meta(
            description="Milliseconds to wait by x, the probability that the caller is still speaking; unset: the"
            " endpointing seconds for the words alone, and 20 + 500 * sqrt(x) + 2500 * x^3 with sound."
        ),
    ] = ""
    turn_model: Annotated[
        str | None,
        Meta(
            description="ONNX file of the acoustic turn engine; unset: the one that `models pull smart-turn` has"
            " fetched, or that pipecat-ai ships, if it is installed."
        ),
    ] = None
    turn_workers: Annotated[Count, Meta(description="Threads of the acoustic turn engine.")] = 1
    turn_hold_seconds: Annotated[
        Seconds, Meta(description="Longest that a final is held where turns are driven, s.")
    ] = 1.5
