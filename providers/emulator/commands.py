"""The emulator's commands: what the user types. The work behind each is imported when it is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from providers.emulator.credentials import SentCredentials
from providers.emulator.options import credential_options, endpoint_options, one_line_errors, url_option
from providers.emulator.output import console_beside
from providers.emulator.targets import Targets, chosen_targets, running_targets

_RATE = click.IntRange(8000, 48000)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_REPORT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)

_WHERE = ("url", "voice", "transcriber", "endpointing")


def _console(targets: Targets, report: Path | None) -> Console:
    """The console for people, which names a server that was found by itself."""
    console = console_beside(report)
    if targets.name is not None:
        console.print(f"server {targets.name}", style="dim", markup=False, highlight=False, soft_wrap=True)
    return console


def _targets(options: dict[str, Any]) -> Targets:
    """The endpoints that a command's options name; takes those options out."""
    return chosen_targets(**{name: options.pop(name) for name in (*_WHERE, "credentials", "pid")})


@click.command()
@click.argument("text")
@click.option("--rate", type=_RATE, default=24000, show_default=True, help="Hz of the audio asked for.")
@click.option("--voice", help="voiceId. Default: the server's own.")
@click.option("--out", type=_OUT, help="Save as a WAV file instead of playing.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Ask so often, and show a latency table.")
@click.option("--quiet", is_flag=True, help="Do not play.")
@click.option("--json", "json_file", type=_REPORT, help="Write the figures as JSON; - is standard output.")
@url_option
@credential_options
@one_line_errors
def say(*, json_file: Path | None, url: str | None, credentials: SentCredentials, **request: Any) -> None:
    """Let the voice endpoint speak TEXT, and show how fast.

    Tags in TEXT (<break time="1s"/>, <spell>…</spell>, <flush/>) go over the wire as they are.
    """
    from providers.emulator import say_command as saying

    targets = running_targets(url, credentials)
    wanted = saying.SayRequest(**request)
    saying.say(targets, wanted, _console(targets, json_file), json_file=json_file)


@click.command()
@click.option("--customer", type=_FILE, help="WAV of what the customer says, any rate and format.")
@click.option("--say", metavar="TEXT", help="Let the server's own voice endpoint speak the customer's part.")
@click.option("--mic", is_flag=True, help="Speak yourself (needs the package sounddevice).")
@click.option("--assistant", type=_FILE, help="WAV of what the assistant says meanwhile.")
@click.option("--rate", type=_RATE, default=16000, show_default=True, help="Hz on the socket.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Say it so often in one call.")
@click.option("--odd-frames", "odd", is_flag=True, help="Cut the audio where no sample ends.")
@click.option("--drop-after", type=click.FloatRange(0.0), metavar="S", help="Let the line go dead after S seconds.")
@click.option("--tail", type=click.FloatRange(0.0), default=4.0, show_default=True, help="Seconds to await the rest.")
@click.option("--json", "json_file", type=_REPORT, help="Write the transcripts as JSON; - is standard output.")
@url_option
@credential_options
@one_line_errors
def call(*, json_file: Path | None, url: str | None, credentials: SentCredentials, **request: Any) -> None:
    """Call the transcriber endpoint in real time, and show transcripts as they come."""
    from providers.emulator import call_command as calling

    wanted = calling.CallRequest(**request)
    if sum((wanted.customer is not None, wanted.say is not None, wanted.mic)) != 1:
        raise click.UsageError("expected one of --customer FILE, --say TEXT and --mic")
    targets = running_targets(url, credentials)
    if not calling.call(targets, wanted, _console(targets, json_file), json_file=json_file):
        sys.exit(1)


@click.command()
@url_option
@endpoint_options
@credential_options
@click.option("--customer-wav", type=_FILE, help="Speech of the customer. Default: the embedded engine speaks.")
@click.option("--assistant-wav", type=_FILE, help="Other speech, of the assistant.")
@click.option("--only", multiple=True, metavar="RULE", help="Judge by this rule (T5), letter (T) or group alone.")
@click.option("--skip", multiple=True, metavar="RULE", help="Leave this rule, letter or group out.")
@click.option("--pid", type=int, help="The server's process, to see its memory. Default: the running server's.")
@click.option("--first-audio", type=float, default=1.5, show_default=True, help="Seconds to the first audible sample.")
@click.option("--timeout", type=float, default=20.0, show_default=True, help="Seconds without an answer.")
@click.option("--json", "json_file", type=_REPORT, help="Write the verdicts as JSON; - is standard output.")
@click.option("--html", "html_file", type=_OUT, help="Write the verdicts as one web page.")
@one_line_errors
def check(*, only: tuple[str, ...], skip: tuple[str, ...], json_file: Path | None, **options: Any) -> None:
    """Judge a provider server, in any language, by what it does on the wire.

    Exit code 0: no rule failed; 1: a rule failed; 2: a server could not be reached; 130: interrupted.
    What cannot be judged (no speech, no such endpoint) is reported as not judged, never as passed.
    """
    from providers.emulator import check_command as checking
    from providers.emulator.check.limits import Limits
    from providers.emulator.check.rule_set import chosen

    rules = chosen(only, skip)
    targets = _targets(options)
    limits = Limits(first_audio=options["first_audio"], timeout=options["timeout"])
    files = (options["customer_wav"], options["assistant_wav"], json_file, options["html_file"])
    wanted = checking.CheckRequest(rules, limits, *files)
    sys.exit(checking.run(targets, wanted, _console(targets, json_file)))


@click.command()
@url_option
@endpoint_options
@credential_options
@click.option("--calls", type=click.IntRange(1), default=50, show_default=True, help="Calls at once.")
@click.option("--duration", type=click.FloatRange(0.1), default=20.0, show_default=True, help="Seconds at full load.")
@click.option("--ramp", type=click.FloatRange(0.0), default=5.0, show_default=True, help="Seconds to full load.")
@click.option(
    "--barge-in", type=click.FloatRange(0, 1), default=0.2, show_default=True, help="Share of answers cut off."
)
@click.option("--jitter", type=click.FloatRange(0.0), default=5.0, show_default=True, help="Milliseconds per frame.")
@click.option("--turn", type=click.FloatRange(0.1), default=6.0, show_default=True, help="Seconds between answers.")
@click.option("--rate", type=_RATE, default=16000, show_default=True, help="Hz on the socket.")
@click.option("--find-limit", is_flag=True, help="Raise the calls until a target is missed; prints calls per core.")
@click.option("--max-first-audio", type=float, default=1.0, show_default=True, help="Target: first audio p95, seconds.")
@click.option("--max-lag", type=float, default=1.5, show_default=True, help="Target: transcript lag p99, seconds.")
@click.option(
    "--processes", type=click.IntRange(1), default=1, show_default=True, help="Processes that make the calls."
)
@click.option("--pid", type=int, help="The server's process, to see what it uses. Default: the running server's.")
@click.option("--customer-wav", type=_FILE, help="Speech of the customer. Default: the embedded engine speaks.")
@click.option("--assistant-wav", type=_FILE, help="Other speech, of the assistant.")
@click.option("--json", "json_file", type=_REPORT, help="Write the figures as JSON; - is standard output.")
@click.option("--html", "html_file", type=_OUT, help="Write the figures as one web page with plots.")
@one_line_errors
def load(*, find_limit: bool, processes: int, json_file: Path | None, **options: Any) -> None:
    """Make many whole calls at once, and measure how a server holds up under them.

    Exit code 0: no error; 1: there were errors, nothing was measured, or no load held; 2: not reachable; 3: the
    generator itself could not keep up, so no figures are quoted; 130: interrupted, with the figures until then.
    """
    from providers.emulator import load_command as loading
    from providers.emulator.load.plan import LoadPlan
    from providers.emulator.load.results import Thresholds

    targets = _targets(options)
    thresholds = Thresholds(options.pop("max_first_audio"), options.pop("max_lag"))
    customer, assistant, page = (options.pop(name) for name in ("customer_wav", "assistant_wav", "html_file"))
    plan = LoadPlan(
        voice=targets.voice,
        transcriber=targets.transcriber,
        endpointing=targets.endpointing,
        credentials=targets.credentials,
        **options,
    )
    wanted = loading.LoadRequest(plan, processes, thresholds, find_limit, customer, assistant, json_file, page)
    sys.exit(loading.load(targets, wanted, _console(targets, json_file)))


@click.command()
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="SCENARIO...")
@click.option(
    "--virtual", is_flag=True, help="Hold the calls in virtual time with scripted servers: no sound, no server."
)
@click.option("--repeat", type=click.IntRange(1, 1000), default=1, show_default=True, help="Takes of each scenario.")
@click.option("--parallel", type=click.IntRange(1, 100), default=1, show_default=True, help="Calls at once.")
@url_option
@endpoint_options
@credential_options
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for a WAV and the events per take."
)
@click.option("--junit", type=_REPORT, help="Write the verdicts as JUnit XML; - is standard output.")
@click.option("--json", "json_file", type=_REPORT, help="Write the verdicts as JSON; - is standard output.")
@click.option("--html", "html_file", type=_OUT, help="Write the verdicts as one web page with timelines.")
@one_line_errors
def simulate(*, virtual: bool, json_file: Path | None, html_file: Path | None, **options: Any) -> None:
    """Hold whole conversations as the platform does, with a scripted caller, and judge them.

    A SCENARIO is a YAML file: the caller's lines, the assistant, the model's replies, what the network does, and what
    is expected; examples/scenarios holds ten. Real time needs a server; the caller is spoken by the embedded engine.

    Exit code 0: everything expected held; 1: something did not; 2: a file is wrong or a server cannot be reached;
    130: interrupted, with the verdicts until then.
    """
    from providers.emulator import simulate_command as simulating

    report = next((path for path in (json_file, options["junit"]) if path == Path("-")), json_file)
    where = {name: options.pop(name) for name in (*_WHERE, "credentials")}
    targets = None if virtual else chosen_targets(**where)
    wanted = simulating.SimulateRequest(**options, json=json_file, html=html_file)
    console = console_beside(report) if targets is None else _console(targets, report)
    sys.exit(simulating.simulate(targets, wanted, console))
