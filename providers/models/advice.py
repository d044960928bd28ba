"""Measured word errors of the recogniser in use, for the start line, and the command that makes them fewer."""

from __future__ import annotations

from providers.installing import install_command
from providers.models.catalogue import CATALOGUE, WordErrors
from providers.models.store import ModelStore

EMBEDDED = {"pocketsphinx": WordErrors(27.5, 59.0)}
"""Recognisers that come with their model; on the same recordings as the catalogue's."""

_BETTER = CATALOGUE["whisper-base"]


def recogniser_note(engine: str, store: ModelStore) -> str:
    """One sentence on an engine that was measured; empty for any other.

    >>> from pathlib import Path
    >>> recogniser_note("deepgram", ModelStore(Path("nowhere")))
    ''
    """
    pulled = store.model_of(engine)
    errors = pulled.word_errors if pulled is not None else EMBEDDED.get(engine)
    if errors is None:
        return ""
    name = pulled.name if pulled is not None else engine
    note = f"{name} hears {errors.telephone:g} % of words wrong on telephone audio"
    if pulled is not None or _BETTER.word_errors is None:
        return note
    command = f"{install_command(_BETTER.extra)} && vapi-providers models pull {_BETTER.name}"
    return f"{note}; {command}  makes it {_BETTER.word_errors.telephone:g} %"
