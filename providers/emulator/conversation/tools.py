"""Tools that the model, a hook or the client uses: the platform's own, and the customer's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from providers.emulator.conversation.commands import AskDestination, CallTool
from providers.emulator.conversation.context import Context, MustEnd, ToolsAnswered
from providers.emulator.conversation.speaking import Speaker

Json = dict[str, Any]

_TIMEOUT = 20.0
"""Seconds: published for servers."""

_UNSUPPORTED = {"sms": "sms is not played by the emulator"}


class Tools:
    """The tool calls of one call."""

    def __init__(self, context: Context, speaker: Speaker) -> None:
        self.destination: Json | None = None
        """Where the call is being transferred to."""
        self._context = context
        self._speaker = speaker
        self._collected: list[tuple[str, str, Json]] = []
        self._running: dict[str, tuple[str, Json]] = {}
        self._wants_answer = False
        self._own: dict[str, Callable[[str, Json, Json], None]] = {
            "endCall": self._end_call,
            "transferCall": self._transfer_call,
            "dtmf": self._dtmf,
        }

    @property
    def running(self) -> bool:
        """True while a result is awaited."""
        return bool(self._running)

    @property
    def collected(self) -> bool:
        """True while the model's wishes have not been met yet."""
        return bool(self._collected)

    def take_wants_answer(self) -> bool:
        """Whether the model has to be asked again with the results; said once."""
        wants, self._wants_answer = self._wants_answer, False
        return wants

    def collect(self, tool_call_id: str, name: str, parameters: Json) -> None:
        """Note a wish of the model's."""
        self._collected.append((tool_call_id, name, parameters))

    def run(self) -> None:
        """Call all tools the model wants."""
        calls, self._collected = self._collected, []
        message = self._context.history.add("assistant", "", at=self._context.now)
        message.tool_calls = [_openai(*call) for call in calls]
        for call in calls:
            self._call(*call, self._described(call[1]))

    def run_now(self, tool_call_id: str, tool: Json) -> None:
        """Call a tool that a hook describes; the model is not asked about its result."""
        parameters = _static_parameters(tool)
        own = self._own.get(str(tool.get("type")))
        self._context.note("tool-called", toolCallId=tool_call_id, name=_name(tool))
        if own is not None:
            own(tool_call_id, parameters, tool)
        else:
            self._context.do(CallTool(tool_call_id, _name(tool), parameters, tool))

    def answered(self, tool_call_id: str, result: str, *, error: bool) -> None:
        """A result came."""
        name, tool = self._over(tool_call_id, error=error)
        if not name:
            return
        self._context.happen(ToolsAnswered())
        self._result(tool_call_id, name, result)
        said = _message(tool, "request-failed" if error else "request-complete")
        if said:
            self._speaker.say(said)
            self._wants_answer = False

    def destined(self, tool_call_id: str, destination: Json | None, message: str | None) -> None:
        """The Server URL's answer on where a transfer goes."""
        name, _ = self._over(tool_call_id, error=destination is None)
        if not name:
            return
        self._context.happen(ToolsAnswered())
        if destination is None:
            self._result(tool_call_id, name, "Transfer failed: no destination.")
            return
        self._result(tool_call_id, name, "Transferring.")
        self._wants_answer = False
        self.transfer(destination, message)

    def transfer(self, destination: Json, content: str | None = None) -> None:
        """Hand the call on, after a message where there is one."""
        self.destination = destination
        self._context.note("transfer", destination=destination)
        said = content if content is not None else destination.get("message")
        if isinstance(said, str) and said:
            self._speaker.say(said, interruptible=False, end_reason="assistant-forwarded-call")
        else:
            self._end_after_speech("assistant-forwarded-call")

    def _call(self, tool_call_id: str, name: str, parameters: Json, tool: Json) -> None:
        context = self._context
        kind = str(tool.get("type", name))
        context.note("tool-called", toolCallId=tool_call_id, name=name)
        context.send({"type": "tool-calls", **_listed(tool_call_id, name, parameters, tool)})
        if kind in _UNSUPPORTED:
            context.note("tool-answered", toolCallId=tool_call_id, name=name, error=True)
            self._result(tool_call_id, name, _UNSUPPORTED[kind])
            self._wants_answer = True
            return
        started = _message(tool, "request-start")
        if started:
            self._speaker.say(started)
        self._running[tool_call_id] = (name, tool)
        self._wants_answer = True
        late = "The tool did not answer in time."
        context.timers.set(
            f"tool {tool_call_id}",
            context.now + _timeout(tool),
            lambda: self.answered(tool_call_id, late, error=True),
        )
        own = self._own.get(kind)
        if own is not None:
            own(tool_call_id, parameters, tool)
        else:
            context.do(CallTool(tool_call_id, name, parameters, tool))

    def _end_call(self, tool_call_id: str, parameters: Json, tool: Json) -> None:
        self._done(tool_call_id, "Ending the call.")
        message = self._context.assistant.end_call_message
        if message:
            said = self._context.rendered(message)
            self._speaker.say(said, interruptible=False, end_reason="assistant-ended-call")
        else:
            self._end_after_speech("assistant-ended-call")

    def _transfer_call(self, tool_call_id: str, parameters: Json, tool: Json) -> None:
        destinations = [found for found in tool.get("destinations") or () if isinstance(found, dict)]
        wanted = str(parameters.get("destination", ""))
        fits = [found for found in destinations if wanted and wanted in found.values()]
        found = fits[0] if fits else destinations[0] if len(destinations) == 1 else None
        if found is None:
            self._context.do(AskDestination(tool_call_id, parameters))
            return
        self._done(tool_call_id, "Transferring.")
        self.transfer(found)

    def _dtmf(self, tool_call_id: str, parameters: Json, tool: Json) -> None:
        self._context.note("dtmf", digits=str(parameters.get("dtmf", "")))
        self._done(tool_call_id, "Digits sent.", wants_answer=True)

    def _done(self, tool_call_id: str, result: str, *, wants_answer: bool = False) -> None:
        """The result of a tool of the platform's own."""
        name, _ = self._over(tool_call_id, error=False)
        if name:
            self._result(tool_call_id, name, result)
            self._wants_answer = wants_answer

    def _over(self, tool_call_id: str, *, error: bool) -> tuple[str, Json]:
        """Note the end of a running call; returns its name, empty where it does not run, and its tool."""
        name, tool = self._running.pop(tool_call_id, ("", {}))
        if name:
            self._context.timers.cancel(f"tool {tool_call_id}")
            self._context.note("tool-answered", toolCallId=tool_call_id, name=name, error=error)
        return name, tool

    def _end_after_speech(self, reason: str) -> None:
        utterance = self._speaker.last
        if utterance is None:
            self._context.happen(MustEnd(reason))
        else:
            utterance.end_reason = reason

    def _result(self, tool_call_id: str, name: str, result: str) -> None:
        context = self._context
        message = context.history.add("tool", result, at=context.now)
        message.tool_call_id, message.name = tool_call_id, name
        shown = {"toolCallId": tool_call_id, "name": name, "result": result}
        context.send({"type": "tool-calls-result", "toolCallResult": shown})
        context.conversation_update()

    def _described(self, name: str) -> Json:
        """The assistant's description of a tool, by its name or, for the platform's own, by its type."""
        tools = self._context.assistant.model.tools
        return next((tool for tool in tools if _name(tool) == name or tool.get("type") == name), {})


def _name(tool: Json) -> str:
    function = tool.get("function")
    named = function.get("name") if isinstance(function, dict) else None
    return str(named or tool.get("name") or tool.get("type") or "")


def _timeout(tool: Json) -> float:
    """Seconds a tool may take: its server's, its own, or the published default."""
    server = tool.get("server")
    for found in (server.get("timeoutSeconds") if isinstance(server, dict) else None, tool.get("timeoutSeconds")):
        if isinstance(found, int | float) and 1 <= found <= 300:
            return float(found)
    return _TIMEOUT


def _static_parameters(tool: Json) -> Json:
    """What a hook's tool is called with: the values written into its description."""
    function = tool.get("function")
    schema = function.get("parameters") if isinstance(function, dict) else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return {}
    return {name: entry["value"] for name, entry in properties.items() if isinstance(entry, dict) and "value" in entry}


def _message(tool: Json, kind: str) -> str:
    messages = tool.get("messages") or ()
    return next((str(m.get("content") or "") for m in messages if isinstance(m, dict) and m.get("type") == kind), "")


def _openai(tool_call_id: str, name: str, parameters: Json) -> Json:
    function = {"name": name, "arguments": json.dumps(parameters)}
    return {"id": tool_call_id, "type": "function", "function": function}


def _listed(tool_call_id: str, name: str, parameters: Json, tool: Json) -> Json:
    """A tool call as ``tool-calls`` carries it: newer spelling ``parameters``, older one ``function.arguments``."""
    call = _openai(tool_call_id, name, parameters) | {"name": name, "parameters": parameters}
    return {"toolCallList": [call], "toolWithToolCallList": [{**tool, "name": name, "toolCall": call}]}
