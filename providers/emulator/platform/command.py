"""``emulate``: what the user types to have the platform on this machine."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import click

from providers.emulator.connection import is_loopback
from providers.emulator.failures import EmulatorError
from providers.emulator.options import (
    behaviour_option,
    credential_options,
    endpoint_options,
    one_line_errors,
    url_option,
)

_JSON_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CREDENTIALS = "JSON list of credentials: {id, authenticationPlan: {type: bearer | hmac | oauth2, …}}."


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0 takes a free one.")
@url_option
@endpoint_options
@click.option("--server-url", metavar="U", help="Server URL of assistants without one; asked at /call/inbound too.")
@click.option("--model-url", metavar="U", help="Chat completions of any OpenAI-compatible server, as https://…/v1.")
@click.option("--model", metavar="NAME", help="Model at --model-url.")
@click.option("--model-key", metavar="KEY", envvar="OPENAI_API_KEY", help="Key of --model-url. [env OPENAI_API_KEY]")
@click.option("--reply", "replies", multiple=True, metavar="TEXT", help="What the assistant answers, turn by turn.")
@click.option("--first-message", metavar="TEXT", help="What the assistant from the command line says first.")
@click.option("--assistant", "files", type=_JSON_FILE, multiple=True, help="JSON of an assistant; its id, or the name.")
@click.option("--credentials-file", type=_JSON_FILE, help=_CREDENTIALS)
@click.option("--credential", metavar="ID", help="The one of --credentials-file for the addresses named here.")
@click.option("--api-key", metavar="KEY", help="The key clients must show. Default: any will do.")
@click.option("--max-calls", type=click.IntRange(1, 1000), default=50, show_default=True, help="Calls at once.")
@click.option(
    "--max-seconds", type=click.FloatRange(10, 43200), default=3600.0, show_default=True, help="Longest call."
)
@click.option(
    "--connect-seconds", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Wait for the socket."
)
@credential_options
@behaviour_option
@one_line_errors
def emulate(**options: Any) -> None:
    """Be the platform on this machine: POST /call, the transport socket, events to a Server URL.

    Whatever speaks to https://api.vapi.ai speaks to this address instead: a client of your own, the SDKs (base_url),
    or VapiAI/websocket-tester (VAPI_API_URL). Each call is a whole conversation with your voice, transcriber and
    endpointing endpoints; without --url or endpoints, with those of the server that runs on this machine.

    \b
    vapi-providers serve                                       your endpoints, in another terminal
    vapi-providers emulate --reply "We open at nine."          the platform; it prints a curl to try
    vapi-providers emulate --voice-url http://127.0.0.1:9000/tts --transcriber-url ws://127.0.0.1:9001/stt
    vapi-providers emulate --server-url http://127.0.0.1:3000/webhook --model-url http://127.0.0.1:11434/v1

    --secret, --bearer, --hmac and --token prove the platform to the addresses named here, and to no other; servers that
    an assistant names itself have its own credentials. A call ends with its socket. Exit code 130: interrupted.
    """  # noqa: D301  # click reads the backspace character
    from providers.emulator.platform.api import application
    from providers.emulator.platform.chosen import chosen_options
    from providers.emulator.platform.platform import Platform
    from providers.emulator.platform.server import bound, serve, url_of
    from providers.emulator.platform.start_lines import StartLines

    if not is_loopback(f"http://{options['host']}") and options["api_key"] is None:
        raise EmulatorError("--host: an address beyond this machine needs --api-key, or anybody could make calls")
    chosen = chosen_options(options)
    logging.basicConfig(format="  %(message)s", level=logging.INFO, stream=sys.stdout)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    sock = bound(options["host"], options["port"])
    lines = StartLines(url_of(sock), chosen.defaults, tuple(chosen.assistants), chosen.api_key is not None)
    serve(application(Platform(chosen)), sock, announce=lambda: click.echo(lines.text()))
