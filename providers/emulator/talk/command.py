"""``talk``: what the user types to hold a conversation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from providers.emulator.credentials import SentCredentials
from providers.emulator.options import credential_options, endpoint_options, one_line_errors

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_REPORT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.option("--say", "lines", multiple=True, metavar="TEXT", help="What the caller says; again for the next turn.")
@click.option("--mic", is_flag=True, help="Speak yourself (needs the package sounddevice).")
@click.option("--type", "typed", is_flag=True, help="Type what the caller says, though there is a microphone.")
@click.option("--caller-wav", type=_FILE, help="WAV of what the caller says, any rate and format.")
@click.option("--first-message", metavar="TEXT", help="What the assistant says first; empty lets the caller begin.")
@click.option("--system-prompt", metavar="TEXT", help="What the model is told.")
@click.option("--assistant", type=_FILE, help="JSON of an assistant: its plans, hooks, words and model.")
@click.option("--reply", "replies", multiple=True, metavar="TEXT", help="What the assistant answers, turn by turn.")
@click.option("--model-url", metavar="U", help="Chat completions of any OpenAI-compatible server, as https://…/v1.")
@click.option("--model", metavar="NAME", help="Model at --model-url.")
@click.option("--model-key", metavar="KEY", envvar="OPENAI_API_KEY", help="Key of --model-url. [env OPENAI_API_KEY]")
@click.option("--rate", type=click.IntRange(8000, 48000), default=16000, show_default=True, help="Hz of the call.")
@click.option("--quiet", is_flag=True, help="Do not play the assistant's voice.")
@click.option("--out", type=_OUT, help="Save both sides as a stereo WAV file.")
@click.option(
    "--json", "json_file", type=_REPORT, help="Write the log of the conversation as JSON; - is standard output."
)
@click.option("--page", is_flag=True, help="Talk in the browser: start a server and open its page.")
@click.option("--server-url", metavar="U", help="Gets the platform's messages, and the tools that the model calls.")
@click.option("--url", help="Base address of a server that has all three endpoints.")
@endpoint_options
@credential_options
@one_line_errors
def talk(*, page: bool, credentials: SentCredentials, **options: Any) -> None:
    """Talk with an assistant, as a caller of the platform would.

    The platform is played on this machine; voice, transcriber and endpointing are those of a server of your own that is
    started beside the conversation (with the settings of your environment), unless --url or their addresses are given.
    Each answer shows how long you waited and for whom. Without a model the assistant repeats what it understood.

    \b
    vapi-providers talk                                          microphone and loudspeaker, or typed lines
    vapi-providers talk --say "I would like to book a table."    a caller by script
    vapi-providers talk --model-url http://127.0.0.1:11434/v1 --model llama3.2 --system-prompt "You take bookings."
    vapi-providers talk --voice-url http://127.0.0.1:9000/tts --transcriber-url ws://127.0.0.1:9001/stt

    Interrupt by speaking, or by typing, while the assistant speaks. Ctrl-C or Ctrl-D hangs up. Exit code 0: a
    conversation was held; 1: an endpoint or the model ended it; 2: it could not begin.
    """  # noqa: D301  # click reads the backspace character
    from providers.emulator.output import console_beside
    from providers.emulator.talk.choices import talk_request
    from providers.emulator.talk.page import open_own_page
    from providers.emulator.talk.session import talk as converse

    if page:
        open_own_page()
        return
    console = console_beside(options["json_file"])
    if not converse(talk_request(options, credentials, is_terminal=sys.stdin.isatty()), console):
        sys.exit(1)
