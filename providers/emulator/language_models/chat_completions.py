"""Any OpenAI-compatible server as the assistant's model: ``POST …/chat/completions``, streamed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit, urlunsplit

from providers.emulator.conversation.ports import Messages, PortError, ToolWish
from providers.emulator.failures import bare, sentence
from providers.emulator.language_models.stream import CompletionStream

if TYPE_CHECKING:
    import httpx

_PATH = "/chat/completions"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What is asked for, and of whom."""

    url: str
    """With or without ``/chat/completions``."""
    model: str
    key: str | None = field(default=None, repr=False)
    """Sent as ``Authorization: Bearer``."""
    key_source: str = "--model-key or OPENAI_API_KEY"
    """Told where a server wants a key."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    temperature: float | None = None
    max_tokens: int | None = None
    tools: Sequence[dict[str, Any]] = ()
    """In the OpenAI spelling; the platform's own fields of a tool are left out."""
    first_word_seconds: float = 20.0
    """Seconds without a byte after which the model has failed."""

    def body(self, messages: Messages) -> dict[str, Any]:
        """The JSON of a request."""
        given = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        asked = {name: value for name, value in given.items() if value is not None}
        tools = [{"type": "function", "function": tool["function"]} for tool in self.tools if "function" in tool]
        named = {"model": self.model, "messages": list(messages), "stream": True}
        return named | asked | ({"tools": tools} if tools else {})


def completions_url(url: str) -> str:
    """The address of the chat completions below a base address such as ``https://host/v1``."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith(_PATH) else path + _PATH, fragment=""))


class ChatCompletions:
    """A model behind a server; connections are kept between answers."""

    def __init__(self, options: ChatOptions) -> None:
        self._options = options
        self._url = completions_url(options.url)
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first question."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the kept connections."""
        if self._client is not None:
            await self._client.aclose()

    async def answer(self, messages: Messages, /) -> AsyncGenerator[str | ToolWish, None]:
        """Pieces of text as they come, then the tools that the model wants.

        Raises
        ------
        PortError
            No connection, another status than 200, a stream that breaks off or says that the model failed.
        """
        import httpx

        stream = CompletionStream()
        try:
            async with self._http().stream("POST", self._url, json=self._options.body(messages)) as response:
                if response.status_code != 200:
                    raise await self._refused(response)
                async for line in response.aiter_lines():
                    if text := stream.feed(line):
                        yield text
                    if stream.done:
                        break
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as fault:
            reason = "no answer in time" if isinstance(fault, httpx.TimeoutException) else str(fault) or "no connection"
            raise PortError(f"{bare(self._url)}: {reason}") from fault
        for wish in stream.finish():
            yield wish

    def _http(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            options = self._options
            headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
            self._client = httpx.AsyncClient(
                headers=headers | dict(options.headers), timeout=options.first_word_seconds
            )
        return self._client

    async def _refused(self, response: httpx.Response) -> PortError:
        told = _told(await response.aread())
        no_key = f"the model's server wants a key ({self._options.key_source})"
        hint = {
            401: no_key,
            403: no_key,
            404: "there is no such model, or no chat completions at this address",
            429: "the model's server takes no more requests now",
        }.get(response.status_code, "the model's server did not answer as asked")
        return PortError(f"{bare(self._url)}: HTTP {response.status_code}: {hint}{f': {told}' if told else ''}")


def _told(body: bytes) -> str:
    """A server's own sentence about an error: also that of OpenAI's ``{"error": {"message": …}}``."""
    import msgspec

    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        told = msgspec.json.decode(body)
        fault = told.get("error") if isinstance(told, dict) else None
        if isinstance(fault, dict):
            return str(fault.get("message", ""))[:300]
    return sentence(body)
