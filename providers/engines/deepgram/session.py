"""Deepgram's wire in one recognition: messages read by the SDK's models, and Finalize, KeepAlive and CloseStream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from providers.engines.base import Transcript
from providers.engines.deepgram.client import NAME
from providers.engines.deepgram.results import UnreadableResult, Utterances
from providers.engines.streaming.wire import Message, VendorFault, VendorSession
from providers.errors import EngineUnavailable

_CLOSE_CODE = re.compile(r"\b(net|data)-?([0-9]{4})\b", re.IGNORECASE)
"""The vendor's error code in its message, as ``NET-0001`` or at the end of a link."""

ReadModel = Callable[[Mapping[str, Any]], Any]
"""Makes the SDK's model of a message."""


def load_sdk() -> ReadModel:
    """The SDK's reader of messages; loading it takes 0.2 s.

    Raises
    ------
    EngineUnavailable
        The SDK is not installed.
    """
    try:
        from deepgram.core.unchecked_base_model import construct_type
        from deepgram.listen.v1.socket_client import V1SocketClientResponse
    except ImportError:
        raise EngineUnavailable("deepgram needs its SDK: pip install 'deepgram-sdk>=7.17,<8'", engine=NAME) from None
    return lambda message: construct_type(type_=cast(Any, V1SocketClientResponse), object_=message)


class DeepgramSession(VendorSession):
    """One recognition on Deepgram's wire."""

    def __init__(self, channels: int, read_model: ReadModel) -> None:
        super().__init__()
        self._utterances = Utterances(channels)
        self._read_model = read_model
        self._ending = False

    def ending(self) -> Sequence[Message]:
        """Ask for the last results, then for the close."""
        self._ending = True
        return (_control("Finalize"), _control("CloseStream"))

    def keep_alive(self) -> Message | None:
        """The message that counts as audio."""
        return _control("KeepAlive")

    def replies(self) -> Sequence[Message]:
        """A Finalize for each channel that ended in noise."""
        return [_control("Finalize", channel=channel) for channel in self._utterances.to_finalize()]

    @property
    def settled(self) -> bool:
        """Whether every channel has answered a Finalize and has nothing open."""
        return self._utterances.all_flushed

    def close_code(self, reason: str) -> object:
        """The vendor's error code, which stands in a sentence or in a link."""
        found = _CLOSE_CODE.search(reason)
        return "-".join(found.groups()).upper() if found else None

    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        """Transcripts of one message."""
        model = self._read_model(message)
        kind = getattr(model, "type", None)
        if kind == "Error":
            raise VendorFault(getattr(model, "variant", None))
        self.over = self._ending and kind == "Metadata"
        try:
            return self._utterances.feed(model)
        except UnreadableResult:
            raise VendorFault(what="closed a segment that cannot be read") from None

    def flush(self) -> Iterable[Transcript]:
        """Finals of the utterances that are open."""
        return self._utterances.flush()


def _control(kind: str, **fields: int) -> str:
    return json.dumps({"type": kind, **fields})
