"""Settings of the server: every group, and what the command line sees of each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from providers.settings.access import Access, Hmac, OAuth, secret_faults
from providers.settings.calls import CallsSettings, RecordingSettings
from providers.settings.denoising import DenoisingSettings
from providers.settings.dialects import DialectSettings
from providers.settings.endpoints import Endpointing, Transcriber, Voice
from providers.settings.engines import (
    DeepgramListenerSettings,
    DeepgramSettings,
    DeepgramVoiceSettings,
    EspeakSettings,
    KokoroSettings,
    LocalListeners,
    LocalVoices,
    OpenAISettings,
    PiperSettings,
    PocketsphinxSettings,
    SherpaListenerSettings,
    SherpaVoiceSettings,
    VoskSettings,
    WhisperSettings,
)
from providers.settings.group import Group
from providers.settings.listed import names
from providers.settings.models import Models
from providers.settings.option import Option, options_of
from providers.settings.page import PageSettings
from providers.settings.plugins import PluginSettings
from providers.settings.proxies import ProxySettings
from providers.settings.server import Logs, Server, Telemetry
from providers.settings.server_url import ServerUrlSettings
from providers.settings.stacks import Cache, Engines, Failover, Reconnect, Shadow
from providers.settings.streaming import (
    AssemblyAISettings,
    CartesiaSettings,
    ElevenLabsSettings,
    ElevenLabsVoiceSettings,
    FluxSettings,
    OpenAIRealtimeSettings,
    SonioxSettings,
)
from providers.settings.turns import TurnSettings

_Group = TypeVar("_Group", bound=Group)
_Shape = TypeVar("_Shape", bound=msgspec.Struct)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The server's settings, one group for each room."""

    server: Server = Server()
    proxies: ProxySettings = ProxySettings()
    access: Access = Access()
    hmac: Hmac = Hmac()
    oauth: OAuth = OAuth()
    engines: Engines = Engines()
    voice: Voice = Voice()
    transcriber: Transcriber = Transcriber()
    denoising: DenoisingSettings = DenoisingSettings()
    endpointing: Endpointing = Endpointing()
    dialects: DialectSettings = DialectSettings()
    calls: CallsSettings = CallsSettings()
    recording: RecordingSettings = RecordingSettings()
    page: PageSettings = PageSettings()
    server_url: ServerUrlSettings = ServerUrlSettings()
    turns: TurnSettings = TurnSettings()
    shadow: Shadow = Shadow()
    failover: Failover = Failover()
    reconnect: Reconnect = Reconnect()
    cache: Cache = Cache()
    espeak: EspeakSettings = EspeakSettings()
    pocketsphinx: PocketsphinxSettings = PocketsphinxSettings()
    deepgram: DeepgramSettings = DeepgramSettings()
    deepgram_voice: DeepgramVoiceSettings = DeepgramVoiceSettings()
    deepgram_listener: DeepgramListenerSettings = DeepgramListenerSettings()
    flux: FluxSettings = FluxSettings()
    assemblyai: AssemblyAISettings = AssemblyAISettings()
    soniox: SonioxSettings = SonioxSettings()
    elevenlabs: ElevenLabsSettings = ElevenLabsSettings()
    openai_realtime: OpenAIRealtimeSettings = OpenAIRealtimeSettings()
    elevenlabs_voice: ElevenLabsVoiceSettings = ElevenLabsVoiceSettings()
    cartesia: CartesiaSettings = CartesiaSettings()
    openai: OpenAISettings = OpenAISettings()
    sherpa_voice: SherpaVoiceSettings = SherpaVoiceSettings()
    sherpa_listener: SherpaListenerSettings = SherpaListenerSettings()
    piper: PiperSettings = PiperSettings()
    kokoro: KokoroSettings = KokoroSettings()
    whisper: WhisperSettings = WhisperSettings()
    vosk: VoskSettings = VoskSettings()
    models: Models = Models()
    local_voices: LocalVoices = LocalVoices()
    local_listeners: LocalListeners = LocalListeners()
    logs: Logs = Logs()
    telemetry: Telemetry = Telemetry()
    plugins: dict[str, PluginSettings] = {}
    """By the name of the engine."""

    @classmethod
    def of(cls, **values: Any) -> Settings:
        """Settings from public names, unchecked: ``Settings.of(max_calls=1, espeak_wpm=150)``.

        Raises
        ------
        TypeError
            No setting has such a name.
        """
        return cls().replacing(**values)

    def replacing(self, **values: Any) -> Settings:
        """A copy with some fields changed, by their public names.

        Raises
        ------
        TypeError
            No setting has such a name.
        """
        changed: dict[str, dict[str, Any]] = {}
        known = {option.name: option for option in options() if not option.is_file}
        for name, value in values.items():
            if name not in known:
                raise TypeError(f"expected the name of a setting, found {name!r}")
            changed.setdefault(known[name].group, {})[known[name].field] = value
        groups = {group: msgspec.structs.replace(getattr(self, group), **fields) for group, fields in changed.items()}
        return msgspec.structs.replace(self, **groups)

    def faults(self) -> Iterator[str]:
        """Sentences about values that do not fit together."""
        for group in self.all_groups():
            yield from group.faults()
        yield from self._hmac_faults()
        yield from self._oauth_faults()

    def _oauth_faults(self) -> Iterator[str]:
        access, clients = self.access, self.oauth.client
        yield from self.oauth.client_faults(allow_weak=access.allow_weak_secret)
        if clients is None:
            if names(access.auth) == ("oauth",) and not access.no_auth:
                yield "--auth oauth: expected --oauth-client, found none"
        elif access.no_auth:
            yield "--no-auth and --oauth-client: expected one of them, found both"
        elif "oauth" not in names(access.auth):
            yield f"--oauth-client: expected oauth among --auth, found {access.auth!r}"

    def _hmac_faults(self) -> Iterator[str]:
        access, key = self.access, self.hmac.secret
        ways = names(access.auth)
        if key is None:
            if ways == ("hmac",) and not access.no_auth:
                yield "--auth hmac: expected --hmac-secret, found none"
            return
        yield from secret_faults(
            "--hmac-secret", key, allow_weak=access.allow_weak_secret, is_base64=self.hmac.secret_is_base64
        )
        if access.no_auth:
            yield "--no-auth and --hmac-secret: expected one of them, found both"
        elif "hmac" not in ways:
            yield f"--hmac-secret: expected hmac among --auth, found {access.auth!r}"

    @property
    def has_credential(self) -> bool:
        """Whether the operator set anything that a request can prove itself with."""
        return any(given is not None for given in (self.access.secret, self.hmac.secret, self.oauth.client))

    def get(self, name: str) -> Any:
        """The value of the setting with this public name."""
        option = next(option for option in options() if option.name == name)
        return getattr(getattr(self, option.group), option.field)

    def group(self, kind: type[_Group]) -> _Group:
        """The group of this type."""
        return next(group for group in self.all_groups() if isinstance(group, kind))

    def all_groups(self) -> Iterator[Group]:
        """Every group, in the order of ``--help``."""
        return (value for name in self.__struct_fields__ if isinstance(value := getattr(self, name), Group))

    def plugin(self, name: str, shape: type[_Shape]) -> _Shape:
        """The settings of an engine of another package, as a struct of its own.

        The field ``pitch`` of the engine ``hum`` is ``PROVIDERS_HUM_PITCH`` and the key ``pitch`` of the table
        ``[hum]``.

        Raises
        ------
        SettingsError
            A value is of the wrong type, or has a name that the struct does not know.
        """
        return self.plugins.get(name, PluginSettings()).read(name, shape)


def options() -> tuple[Option, ...]:
    """Every setting, in the order of the groups in `Settings`; each secret is followed by the setting of its file."""
    return _OPTIONS


def headings() -> Mapping[str, list[str]]:
    """Names of settings under their headings, in order."""
    grouped: dict[str, list[str]] = {}
    for option in options():
        grouped.setdefault(option.heading, []).append(option.name)
    return grouped


_OPTIONS = tuple(options_of(Settings))
