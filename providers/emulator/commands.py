"""The emulator's commands: what the user types. The work behind each is imported when it is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from providers.emulator.credentials import Credentials
from providers.emulator.options import credential_options, one_line_errors, url_option
from providers.emulator.targets import chosen_targets, running_targets

_RATE = click.IntRange(8000, 48000)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("text")
@click.option("--rate", type=_RATE, default=24000, show_default=True, help="Hz of the audio asked for.")
@click.option("--voice", help="voiceId. Default: the server's own.")
@click.option("--out", type=_OUT, help="Save as a WAV file instead of playing.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Ask so often, and show a latency table.")
@click.option("--quiet", is_flag=True, help="Do not play.")
@url_option
@credential_options
@one_line_errors
def say(
    *,
    text: str,
    rate: int,
    voice: str | None,
    out: Path | None,
    repeat: int,
    quiet: bool,
    url: str | None,
    credentials: Credentials,
) -> None:
    """Let the voice endpoint speak TEXT, and show how fast.

    Tags in TEXT (<break time="1s"/>, <spell>…</spell>, <flush/>) go over the wire as they are.
    """
    from providers.emulator import say_command as saying

    targets = running_targets(url, credentials)
    wanted = saying.SayRequest(text, rate, voice, repeat)
    saying.say(targets, wanted, out=out, quiet=quiet, console=Console())


@click.command()
@click.option("--customer", type=_FILE, help="WAV of what the customer says, any rate and format.")
@click.option("--say", metavar="TEXT", help="Let the server's own voice endpoint speak the customer's part.")
@click.option("--mic", is_flag=True, help="Speak yourself (needs the package sounddevice).")
@click.option("--assistant", type=_FILE, help="WAV of what the assistant says meanwhile.")
@click.option("--rate", type=_RATE, default=16000, show_default=True, help="Hz on the socket.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="Say it so often in one call.")
@click.option("--odd-frames", is_flag=True, help="Cut the audio where no sample ends.")
@click.option("--drop-after", type=click.FloatRange(0.0), metavar="S", help="Let the line go dead after S seconds.")
@click.option("--tail", type=click.FloatRange(0.0), default=4.0, show_default=True, help="Seconds to await the rest.")
@url_option
@credential_options
@one_line_errors
def call(
    *,
    customer: Path | None,
    say: str | None,
    mic: bool,
    assistant: Path | None,
    rate: int,
    repeat: int,
    odd_frames: bool,
    drop_after: float | None,
    tail: float,
    url: str | None,
    credentials: Credentials,
) -> None:
    """Call the transcriber endpoint in real time, and show transcripts as they come."""
    from providers.emulator import call_command as calling

    if sum((customer is not None, say is not None, mic)) != 1:
        raise click.UsageError("expected one of --customer FILE, --say TEXT and --mic")
    wanted = calling.CallRequest(
        rate, customer, say, mic, assistant, repeat, odd=odd_frames, drop_after=drop_after, tail=tail
    )
    if not calling.call(running_targets(url, credentials), wanted, Console()):
        sys.exit(1)


@click.command()
@url_option
@click.option("--voice-url", metavar="U", help="http(s):// address of a voice endpoint alone.")
@click.option("--transcriber-url", metavar="U", help="ws(s):// address of a transcriber endpoint alone.")
@click.option("--endpointing-url", metavar="U", help="http(s):// address of an endpointing endpoint alone.")
@credential_options
@click.option("--customer-wav", type=_FILE, help="Speech of the customer. Default: the embedded engine speaks.")
@click.option("--assistant-wav", type=_FILE, help="Other speech, of the assistant.")
@click.option("--only", multiple=True, metavar="RULE", help="Judge by this rule (T5), letter (T) or group alone.")
@click.option("--skip", multiple=True, metavar="RULE", help="Leave this rule, letter or group out.")
@click.option("--pid", type=int, help="The server's process, to see its memory. Default: the running server's.")
@click.option("--first-audio", type=float, default=1.5, show_default=True, help="Seconds to the first audible sample.")
@click.option("--timeout", type=float, default=20.0, show_default=True, help="Seconds without an answer.")
@click.option("--json", "json_file", type=_OUT, help="Write the verdicts as JSON.")
@click.option("--html", "html_file", type=_OUT, help="Write the verdicts as one web page.")
@one_line_errors
def check(
    *,
    url: str | None,
    voice_url: str | None,
    transcriber_url: str | None,
    endpointing_url: str | None,
    credentials: Credentials,
    customer_wav: Path | None,
    assistant_wav: Path | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    pid: int | None,
    first_audio: float,
    timeout: float,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Judge a provider server, in any language, by what it does on the wire.

    Exit code 0: no rule failed; 1: a rule failed; 2: a server could not be reached; 130: interrupted.
    What cannot be judged (no speech, no such endpoint) is reported as not judged, never as passed.
    """
    from providers.emulator import check_command as checking
    from providers.emulator.check.limits import Limits
    from providers.emulator.check.rule_set import chosen

    rules = chosen(only, skip)
    targets = chosen_targets(
        url, credentials, voice=voice_url, transcriber=transcriber_url, endpointing=endpointing_url, pid=pid
    )
    limits = Limits(first_audio=first_audio, timeout=timeout)
    wanted = checking.CheckRequest(rules, limits, customer_wav, assistant_wav, json_file, html_file)
    sys.exit(checking.run(targets, wanted, Console()))


@click.command()
@url_option
@click.option("--voice-url", metavar="U", help="http(s):// address of a voice endpoint alone.")
@click.option("--transcriber-url", metavar="U", help="ws(s):// address of a transcriber endpoint alone.")
@click.option("--endpointing-url", metavar="U", help="http(s):// address of an endpointing endpoint alone.")
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
@click.option("--json", "json_file", type=_OUT, help="Write the figures as JSON.")
@click.option("--html", "html_file", type=_OUT, help="Write the figures as one web page with plots.")
@one_line_errors
def load(
    *,
    url: str | None,
    voice_url: str | None,
    transcriber_url: str | None,
    endpointing_url: str | None,
    credentials: Credentials,
    find_limit: bool,
    max_first_audio: float,
    max_lag: float,
    processes: int,
    pid: int | None,
    customer_wav: Path | None,
    assistant_wav: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    **shape: Any,
) -> None:
    """Make many whole calls at once, and measure how a server bears them.

    Exit code 0: no error; 1: there were errors, or no load held; 2: not reachable; 3: the generator itself could not
    keep up, so no figures are quoted; 130: interrupted, with the figures until then.
    """
    from providers.emulator import load_command as loading
    from providers.emulator.load.plan import LoadPlan
    from providers.emulator.load.results import Thresholds

    targets = chosen_targets(
        url, credentials, voice=voice_url, transcriber=transcriber_url, endpointing=endpointing_url, pid=pid
    )
    plan = LoadPlan(
        voice=targets.voice,
        transcriber=targets.transcriber,
        endpointing=targets.endpointing,
        credentials=targets.credentials,
        **shape,
    )
    wanted = loading.LoadRequest(
        plan,
        processes,
        Thresholds(max_first_audio, max_lag),
        find_limit,
        customer_wav,
        assistant_wav,
        json_file,
        html_file,
    )
    sys.exit(loading.load(targets, wanted, Console()))
