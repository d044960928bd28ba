"""Settings of the server: every group, and what the command line sees of each field."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from providers.settings.access import Access, Hmac, secret_faults
from providers.settings.endpoints import Endpointing, Transcriber, Voice
from providers.settings.engines import (
    Deepgram,
    DeepgramListener,
    DeepgramVoice,
    Espeak,
    Kokoro,
    LocalListeners,
    LocalVoices,
    OpenAI,
    Piper,
    Pocketsphinx,
    SherpaListener,
    SherpaVoice,
    Vosk,
    Whisper,
)
from providers.settings.group import Group, described
from providers.settings.listed import names
from providers.settings.server import Logs, Server
from providers.settings.stacks import Cache, Engines, Failover, Reconnect

PREFIX = "PROVIDERS_"

_Group = TypeVar("_Group", bound=Group)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The server's settings, one group for each room."""

    server: Server = Server()
    access: Access = Access()
    hmac: Hmac = Hmac()
    engines: Engines = Engines()
    voice: Voice = Voice()
    transcriber: Transcriber = Transcriber()
    endpointing: Endpointing = Endpointing()
    failover: Failover = Failover()
    reconnect: Reconnect = Reconnect()
    cache: Cache = Cache()
    espeak: Espeak = Espeak()
    pocketsphinx: Pocketsphinx = Pocketsphinx()
    deepgram: Deepgram = Deepgram()
    deepgram_voice: DeepgramVoice = DeepgramVoice()
    deepgram_listener: DeepgramListener = DeepgramListener()
    openai: OpenAI = OpenAI()
    sherpa_voice: SherpaVoice = SherpaVoice()
    sherpa_listener: SherpaListener = SherpaListener()
    piper: Piper = Piper()
    kokoro: Kokoro = Kokoro()
    whisper: Whisper = Whisper()
    vosk: Vosk = Vosk()
    local_voices: LocalVoices = LocalVoices()
    local_listeners: LocalListeners = LocalListeners()
    logs: Logs = Logs()

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

    def get(self, name: str) -> Any:
        """The value of the setting with this public name."""
        option = next(option for option in options() if option.name == name)
        return getattr(getattr(self, option.group), option.field)

    def group(self, kind: type[_Group]) -> _Group:
        """The group of this type."""
        return next(group for group in self.all_groups() if isinstance(group, kind))

    def all_groups(self) -> Iterator[Group]:
        """Every group, in the order of ``--help``."""
        return (getattr(self, name) for name in self.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Option:
    """One setting as the command line and the README show it."""

    name: str
    type: Any
    default: Any
    description: str
    secret: bool
    group: str
    """The field of `Settings` that holds its group."""
    field: str
    """Its name inside the group."""
    heading: str
    vendor_variable: str | None = None
    """The variable that the vendor's own tools read."""
    is_file: bool = False
    """Whether it names the file that holds a secret; group and field are the secret's own."""

    @property
    def file(self) -> Option:
        """The setting that names the file of this secret."""
        variable = f"{self.vendor_variable}_FILE" if self.vendor_variable else None
        told = f"File that holds --{self.name.replace('_', '-')}, which is then in no process list and no environment."
        return replace(
            self,
            name=f"{self.name}_file",
            type=str,
            description=told,
            secret=False,
            vendor_variable=variable,
            is_file=True,
        )

    @property
    def flag(self) -> str:
        """The spelling on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The spelling in the environment."""
        return PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return isinstance(self.default, bool)

    @property
    def metavar(self) -> str:
        """What stands for the value in ``--help``."""
        if self.name.endswith("_seconds"):
            return "SECONDS"
        if self.is_file:
            return "FILE"
        return "N" if isinstance(self.default, int | float) else "TEXT"


def options() -> tuple[Option, ...]:
    """Every setting, in the order of the groups in `Settings`; each secret is followed by the setting of its file."""
    return _OPTIONS


def headings() -> Mapping[str, list[str]]:
    """Names of settings under their headings, in order."""
    grouped: dict[str, list[str]] = {}
    for option in options():
        grouped.setdefault(option.heading, []).append(option.name)
    return grouped


def _read_options() -> Iterator[Option]:
    for group, kind in typing.get_type_hints(Settings).items():
        hints = typing.get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            option = _option(group, kind, field, hints[field.name])
            yield option
            if option.secret:
                yield option.file


def _option(group: str, kind: type[Group], field: msgspec.structs.FieldInfo, hint: Any) -> Option:
    description, extra = described(hint)
    return Option(
        name=kind.prefix + field.name,
        type=hint,
        default=field.default,
        description=description,
        secret=bool(extra.get("secret")),
        group=group,
        field=field.name,
        heading=kind.heading,
        vendor_variable=extra.get("variable"),
    )


_OPTIONS = tuple(_read_options())
