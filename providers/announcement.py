"""Lines that a server prints when it is up: its URLs, its engines, its secret, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

import dsp
from providers.dialects.jambonz.routes import STT_PATH, TTS_PATH, TTS_STREAM_PATH
from providers.models.advice import recogniser_note
from providers.models.store import ModelStore
from providers.pages.page import is_loopback
from providers.paths import CALLS_PATH, ENDPOINTING_PATH, SERVER_URL_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.settings import Settings

__all__ = ["StartLines"]

_BACKENDS = {
    "native": "native: compiled kernels",
    "numpy": "numpy; a C compiler at installation builds kernels that need a tenth of the time: --dsp-backend",
}


@dataclass(frozen=True, slots=True)
class StartLines:
    """What is known of a server that is up."""

    base: str
    """Its URL on this machine."""
    chosen: Settings
    names: tuple[str, str]
    """Of the voice and the transcriber."""
    calls: str
    """How many calls it takes, and why."""
    workers: int
    made: bool
    """Whether the secret was made for this run."""
    public: str
    """URL of the tunnel; empty without one."""

    def text(self) -> str:
        """The lines."""
        socket = self.base.replace("http", "ws", 1)
        voices = self.chosen.voice.max_voices * self.workers
        speaks = f"engine {self.names[0]}; {voices} requests at once: --max-voices"
        note = recogniser_note(self.names[1], ModelStore.at(self.chosen.models.folder))
        lines = [
            f"  public        {self.public}   (the tunnel ends with the server)" if self.public else "",
            f"  voice         {self.base}{VOICE_PATH}   ({speaks})",
            f"  transcriber   {socket}{TRANSCRIBER_PATH}   (engine {self.names[1]}; {self.calls})",
            f"                {note}" if note else "",
            f"  endpointing   {self.base}{ENDPOINTING_PATH}",
            f"  server url    {self.base}{SERVER_URL_PATH}   (messages and calls: {CALLS_PATH})",
            self._shadow(),
            *self._dialects(socket),
            self._page(),
            f"  secret        {self._secret()}",
            f"  signal code   {_BACKENDS[dsp.backend()]}",
        ]
        return "\n".join([*filter(None, lines), "", *self._next()])

    def _shadow(self) -> str:
        chosen = self.chosen.shadow
        if not chosen.shadow:
            return ""
        share = f"{chosen.shadow_share:.0%}"
        return f"  shadow        {chosen.shadow} hears {share} of the calls too, and is never sent: /metrics"

    def _dialects(self, socket: str) -> list[str]:
        """A line for each dialect: what its clients are given as the vendor's address."""
        told = {
            "openai": f"{self.base}/v1   (base_url of OpenAI's clients: speech, transcriptions, realtime)",
            "deepgram": f"{self.base}, {socket}   (base and production of Deepgram's clients: listen, speak)",
            "jambonz": f"{socket}{STT_PATH}, {self.base}{TTS_PATH}, {socket}{TTS_STREAM_PATH}",
        }
        return [f"  {name:<13} {told[name]}" for name in self.chosen.dialects.served]

    def _page(self) -> str:
        """The page's address, where a browser of this machine may open it; a token comes with the command."""
        chosen = self.chosen
        local = chosen.proxies.tunnel == "none" and is_loopback(chosen.server.host)
        shown = chosen.page.page == "on" or (chosen.page.page == "auto" and local)
        return f"  page          {self.base}/   (calls and playground; vapi-providers open)" if shown else ""

    def _next(self) -> tuple[str, str]:
        url = self.public or "https://…"
        return (
            f"  Next: vapi-providers assistant --public-url {url}  prints the JSON of an assistant, or applies it;",
            '        vapi-providers say "Hello there."  in another terminal lets you hear it. Ctrl-C ends.',
        )

    def _secret(self) -> str:
        """The secret made for this run, never one that the operator gave."""
        access = self.chosen.access
        if access.no_auth:
            return "none: every endpoint is open (--no-auth)"
        if self.made:
            return f"{access.secret}   (made for this run)"
        if access.secret is not None:
            return "the one you set"
        signed = self.chosen.hmac.secret is not None
        return "none: " + ("signatures by the HMAC key you set" if signed else "tokens of the clients you set")
