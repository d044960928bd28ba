"""The command line: ``vapi-providers serve | say | call | engines | assistant``."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from providers import settings
from providers.errors import EngineError, SettingsError
from providers.settings.server import worker_count

if TYPE_CHECKING:
    from providers.runtime import RunningServer
    from providers.takeover import Taken

_EMULATOR = "providers.emulator.commands"
_ELSEWHERE = {
    "assistant": "providers.assistant.command",
    "health": "providers.health_command",
    "open": "providers.open_command",
    "models": "providers.models_command",
    "deletion-cost": "providers.deletion_cost_command",
    "say": _EMULATOR,
    "call": _EMULATOR,
    "check": _EMULATOR,
    "load": _EMULATOR,
    "emulate": "providers.emulator.platform.command",
    "simulate": _EMULATOR,
    "talk": "providers.emulator.talk.command",
    "top": "providers.top.command",
    "logs": "providers.log_lines.command",
}
"""Commands of other modules, which are imported when they are used."""
_FUNCTIONS = {"open": "open_page"}
"""Those whose function cannot have the command's name."""


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return ["serve", "engines", *_ELSEWHERE]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if module := _ELSEWHERE.get(name):
            command: click.Command = getattr(import_module(module), _FUNCTIONS.get(name) or name.replace("-", "_"))
            return command
        return super().get_command(context, name)


class _Grouped(click.Command):
    """A command whose many options are listed under headings."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, names in settings.headings().items():
            rows = [
                record
                for parameter in self.get_params(context)
                if parameter.name in names and (record := parameter.get_help_record(context))
            ]
            with formatter.section(heading):
                formatter.write_dl(rows)
        with formatter.section("Other"):
            grouped = {name for names in settings.headings().values() for name in names}
            others = [parameter for parameter in self.get_params(context) if parameter.name not in grouped]
            formatter.write_dl([row for parameter in others if (row := parameter.get_help_record(context))])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("vapi-providers"), prog_name="vapi-providers")
def main() -> None:
    """Custom voice, custom transcriber and custom endpointing for Vapi, in one server.

    \b
    vapi-providers serve                                         start the server; it prints its URLs and secret
    vapi-providers say "Hello." --out hello.wav                  hear the voice (in another terminal)
    vapi-providers call --say "I would like to book a table."    speak to the transcriber
    vapi-providers assistant --public-url https://…              JSON of a Vapi assistant
    """  # noqa: D301  # click reads the backspace character


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one flag per setting, read from flags, environment, ``.env`` and file."""

    @functools.wraps(command)
    def run(config: str | None, **flags: Any) -> None:
        names = {option.name for option in settings.options()}
        given = {name: flags.pop(name) for name in list(flags) if name in names}
        load = functools.partial(settings.load, {**given, "config": config}, os.environ, folder=Path.cwd())
        click.get_current_context().obj = load
        try:
            command(load(), **flags)
        except SettingsError as error:
            raise click.ClickException("\n       ".join(error.faults)) from None
        except EngineError as error:
            raise click.ClickException(str(error)) from None

    wrapped: Callable[..., None] = run
    for option in reversed(settings.options()):
        shown = option.description if option.secret or option.default in (None, "") else _with_default(option)
        if option.is_switch:
            spelling = f"{option.flag}/--no-{option.flag[2:]}" if option.default else option.flag
            wrapped = click.option(spelling, option.name, is_flag=True, default=None, help=shown)(wrapped)
        else:
            wrapped = click.option(option.flag, option.name, metavar=option.metavar, help=shown)(wrapped)
    return click.option("--config", metavar="FILE", help="TOML file with settings as keys.")(wrapped)


def _with_default(option: settings.Option) -> str:
    return f"{option.description} [{option.default if not option.is_switch else str(option.default).lower()}]"


@main.command(cls=_Grouped)
@_with_settings
def serve(chosen: settings.Settings) -> None:
    """Run the server.

    Every option is also an environment variable (--max-calls is PROVIDERS_MAX_CALLS, in .env too) and a key of the TOML
    file (max_calls). Without a secret, one is made for this run.
    """
    workers = worker_count(chosen.server.workers)
    if workers > 1:
        from providers.operations.shared_metrics import make_folder

        folder = make_folder()  # before anything else of the server is imported
        click.get_current_context().call_on_close(functools.partial(shutil.rmtree, folder, ignore_errors=True))
        for library in ("OPENBLAS", "MKL"):  # a process for each core needs no threads in each, and one that forks none
            os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    from providers import listening, takeover

    made = not chosen.access.no_auth and not chosen.has_credential
    secret = secrets.token_urlsafe(24) if made else None
    taken = takeover.take(chosen) if chosen.server.takeover else None
    if made and taken is not None and taken.secret is not None:
        secret = taken.secret  # the platform knows this one
    _use_backend(chosen.server.dsp_backend)
    sock = listening.bind(chosen) if taken is None else taken.listening
    click.get_current_context().call_on_close(sock.close)  # a start that fails leaves no open socket
    public = _public_url(chosen.proxies.tunnel, listening.url(chosen, sock))
    start = _Start(chosen if secret is None else chosen.replacing(secret=secret), sock, secret, taken, public)
    if workers > 1:
        reload: Callable[[], settings.Settings] = click.get_current_context().obj
        start.supervised(workers, reload)
    else:
        start.alone()


@dataclass(frozen=True, slots=True)
class _Start:
    """A start of the server."""

    chosen: settings.Settings
    sock: socket.socket
    secret: str | None
    """The one made for this run."""
    taken: Taken | None
    public: str
    """URL of the tunnel; empty without one."""

    def alone(self) -> None:
        """Serve in this process."""
        from providers import server
        from providers.operations import logs
        from providers.service import Service

        logs.configure(self.chosen.logs.format, self.chosen.logs.level)
        service = Service.of(self.chosen)
        names = (service.voice.name, service.transcriber.name)

        def announce(base: str) -> None:
            self._announce(base, names, f"{service.calls.limit} calls at once: {service.calls.reason}", 1)

        if not server.run(
            service.app,
            self.chosen,
            self.sock,
            announce=announce,
            drain=service.endpoints.drain,
            published=lambda base: self._described(base, names),
            offered=self.secret,
        ):
            raise click.ClickException(service.fault)

    def supervised(self, workers: int, reload: Callable[[], settings.Settings]) -> None:
        """Serve in so many processes."""
        from providers.workers import launch

        def again() -> settings.Settings:
            read = reload()
            return read if self.secret is None else read.replacing(secret=self.secret)

        def announce(base: str, names: tuple[str, str], calls: str) -> None:
            self._announce(base, names, calls, workers)

        if fault := launch.serve(
            self.chosen,
            self.sock,
            workers,
            reload=again,
            announce=announce,
            published=self._described,
            offered=self.secret,
        ):
            raise click.ClickException(fault)

    def _announce(self, base: str, names: tuple[str, str], calls: str, workers: int) -> None:
        from providers.announcement import StartLines

        if self.taken is not None:
            self.taken.complete()
        lines = StartLines(base, self.chosen, names, calls, workers, made=self.secret is not None, public=self.public)
        click.echo(lines.text())
        sys.stdout.flush()

    def _described(self, base: str, names: tuple[str, str]) -> RunningServer:
        from providers.assistant_blocks.blocks import accepted
        from providers.server import described

        return described(base, self.chosen, names, accepted(self.chosen, made=self.secret is not None))


def _public_url(name: str, local: str) -> str:
    """The public URL of a tunnel that ends with the command; empty without one."""
    from providers import tunnel

    try:
        return click.get_current_context().with_resource(tunnel.opened(name, local))
    except tunnel.TunnelFailed as error:
        raise click.ClickException(str(error)) from None


def _use_backend(name: str) -> None:
    """Choose the backend of the signal core."""
    import dsp

    try:
        dsp.use_backend(name)
    except dsp.ParameterError as error:
        raise click.ClickException(f"--dsp-{error}") from None


@main.command(cls=_Grouped)
@click.option(
    "--probe", is_flag=True, help="Let each ready engine say or hear one sentence; shows first audio and lag."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_with_settings
def engines(chosen: settings.Settings, *, probe: bool, as_json: bool) -> None:
    """List every engine: what speaks, what listens, what each needs.

    Settings are read as serve reads them, so the list shows what serve could use.
    """
    from rich.console import Console

    from providers import engines_command

    listed = engines_command.entries(chosen)
    if probe:
        listed = asyncio.run(engines_command.probed(chosen, listed))
    if as_json:
        click.echo(json.dumps(engines_command.as_json(listed), indent=2))
    else:
        engines_command.show(listed, Console())
