"""The Server URL endpoint as the settings say: sources of answers in their order, and deadlines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from providers.calls.registry import Calls
from providers.inbound import Inbound
from providers.operations.metrics import Metrics
from providers.server_url.answers import Json
from providers.server_url.endpoint import Elsewhere, Keying, ServerUrl, ServerUrlOptions, SpeechAhead
from providers.server_url.forward import Forward
from providers.server_url.sources import AnswerSource, FixedAssistant, StaticAnswers, load_handler
from providers.settings import names
from providers.settings.server_url import ServerUrlSettings

__all__ = ["make_server_url"]


def make_server_url(
    chosen: ServerUrlSettings,
    inbound: Inbound,
    calls: Calls,
    metrics: Metrics,
    *,
    elsewhere: Mapping[str, Elsewhere],
    overrides: Callable[[], Json] | None = None,
    speech: SpeechAhead | None = None,
) -> ServerUrl:
    """Build the endpoint.

    Parameters
    ----------
    elsewhere
        Endpoints of messages that may come here, by type.
    overrides
        Blocks of an assistant that name this server.
    speech
        Begins to speak what voice-input tells of; None to wait for the voice request.

    Raises
    ------
    SettingsError
        A handler or a file of answers cannot be used.
    """
    sources: list[AnswerSource] = [load_handler(name) for name in names(chosen.handlers)]
    if chosen.answers is not None:
        sources.append(StaticAnswers.read(chosen.answers))
    if chosen.assistant_id:
        sources.append(FixedAssistant(chosen.assistant_id))
    return ServerUrl(
        inbound,
        calls,
        metrics,
        sources,
        Forward(chosen.forward_url) if chosen.forward_url else None,
        Keying(chosen.public_url, overrides or dict) if chosen.public_url else None,
        ServerUrlOptions(chosen.answer_seconds, chosen.assistant_request_seconds),
        elsewhere,
        speech,
    )
