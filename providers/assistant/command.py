"""``vapi-providers assistant``: the JSON for a Vapi assistant, printed or applied."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import click
import dotenv

from providers import runtime, settings
from providers.assistant import vapi_api
from providers.assistant_blocks.blocks import (
    CREDENTIAL,
    PLACEHOLDER,
    ServerAccess,
    accepted,
    checked_url,
    keeps_server,
    merged,
)
from providers.assistant_blocks.options import TEMPLATE, AssistantOptions, chosen_call_key, fallbacks
from providers.emulator.running_servers import FoundServer, only_server, running_servers, server_at
from providers.errors import ProvidersError

_KEY_VARIABLE = "VAPI_API_KEY"

_CALL_NOTE = """
The body of POST {url}/call for one call, with your assistant's id: every URL carries the call's own key, so that its
socket and its requests are joined at once. The overrides take the place of the assistant's own blocks. Make a new key
for each call."""


@click.command()
@click.option("--public-url", required=True, metavar="URL", help="How Vapi reaches this server: https://….")
@click.option("--url", metavar="URL", help="Which running server, where several run: its local address.")
@click.option("--secret", metavar="S", help="The server's secret. [the running server's]")
@click.option("--secret-file", metavar="FILE", help="File that holds the server's secret.")
@click.option("--voice-id", metavar="ID", help="The voice, if not the engine's default.")
@click.option("--credential-id", metavar="ID", help="A custom credential to name instead of the secret.")
@click.option("--caching/--no-caching", default=None, help="Whether Vapi keeps what was spoken. [as it is; on]")
@click.option(
    "--fallback-voice", "fallback_voices", multiple=True, metavar="PROVIDER:VOICE", help="Voice to use when this fails."
)
@click.option(
    "--fallback-transcriber",
    "fallback_transcribers",
    multiple=True,
    metavar="PROVIDER:MODEL",
    help="Transcriber to use when this fails.",
)
@click.option(
    "--call-key",
    is_flag=False,
    flag_value="new",
    metavar="[KEY|template]",
    help="Key in all URLs, for assistantOverrides of one call: a new one, yours, or the template {{call.id}}.",
)
@click.option(
    "--server-url/--no-server-url", "server", default=True, help="Name this server as the Server URL too. [yes]"
)
@click.option("--show-secret", is_flag=True, help=f"Print a secret of your own, not {PLACEHOLDER}.")
@click.option(
    "--apply", "assistant_id", metavar="ASSISTANT_ID", help=f"Change this assistant; the key is {_KEY_VARIABLE}."
)
@click.option("--api-url", metavar="URL", default=vapi_api.API_URL, show_default=True, help="Vapi's API.")
def assistant(public_url: str, assistant_id: str | None, api_url: str, **chosen: Any) -> None:
    """Print the JSON of an assistant that uses this server, or apply it.

    The JSON has the voice, the transcriber, the smart endpointing plan and the Server URL, with a credential that the
    server accepts. The dashboard has no form for a custom voice: use --apply, or the curl command that is printed.
    """
    try:
        access, options = _access(checked_url(public_url), chosen), _options(chosen)
        if assistant_id is None:
            _print(access, options, {**chosen, "public_url": public_url})
        else:
            _apply(access, options, assistant_id, api_url)
    except ProvidersError as error:
        raise click.ClickException(str(error)) from None


def _options(chosen: dict[str, Any]) -> AssistantOptions:
    voices, transcribers = chosen["fallback_voices"], chosen["fallback_transcribers"]
    return AssistantOptions(
        voice_id=chosen["voice_id"],
        caching=chosen["caching"],
        fallback_voices=fallbacks(voices, flag="--fallback-voice", field="voiceId"),
        fallback_transcribers=fallbacks(transcribers, flag="--fallback-transcriber", field="model"),
        call_key=chosen_call_key(chosen["call_key"]),
        server=chosen["server"],
    )


def _access(public_url: str, chosen: dict[str, Any]) -> ServerAccess:
    """The running server's credentials, or those that a server with this folder's settings would accept."""
    flags = {name: chosen[name] for name in ("secret", "secret_file")}
    own = any(value is not None for value in flags.values())
    found = None if own else _running(chosen["url"])
    running = runtime.read(found.pid) if found is not None else None
    if running is not None:
        return ServerAccess(public_url, running.accepts, running.secret, chosen["credential_id"])
    configured = settings.load({**flags, "allow_weak_secret": True}, os.environ, folder=Path.cwd())
    access = configured.access
    if access.secret is None and configured.hmac.secret is None and not access.no_auth:
        only_server()  # says that none runs, or which ones do
    return ServerAccess(public_url, accepted(configured, made=False), access.secret, chosen["credential_id"])


def _running(url: str | None) -> FoundServer | None:
    """The server that is meant; None where none runs."""
    if url is not None:
        return server_at(url)
    return only_server() if running_servers() else None


def _print(access: ServerAccess, options: AssistantOptions, chosen: dict[str, Any]) -> None:
    shown = access if chosen["show_secret"] else access.hidden()
    blocks = shown.blocks(options)
    if options.call_key is not None and options.call_key != TEMPLATE:
        click.echo(json.dumps({"assistantId": "ASSISTANT-ID", "assistantOverrides": blocks}, indent=2))
        click.echo(_CALL_NOTE.format(url=vapi_api.API_URL), err=True)
        return
    click.echo(json.dumps(blocks, indent=2))
    for line in _notes(shown, _again(chosen), hidden=shown is not access):
        click.echo(line, err=True)


def _again(chosen: dict[str, Any]) -> str:
    """The same command for a shell, without the secret."""
    words = ["vapi-providers", "assistant"]
    for name in ("public_url", "url", "secret_file", "voice_id", "credential_id", "call_key"):
        if chosen.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", chosen[name]]
    for name in ("fallback_voices", "fallback_transcribers"):
        words += [word for text in chosen[name] for word in (f"--{name.replace('_', '-')[:-1]}", text)]
    if chosen["caching"] is not None:
        words.append("--caching" if chosen["caching"] else "--no-caching")
    if not chosen["server"]:
        words.append("--no-server-url")
    secret = ' --secret "$PROVIDERS_SECRET"' if chosen["secret"] is not None else ""
    return " ".join(map(shlex.quote, words)) + secret


def _notes(access: ServerAccess, command: str, *, hidden: bool) -> list[str]:
    """What to do with the JSON."""
    notes = [""]
    if access.is_shut:
        notes.append("No credential opens the voice and endpointing endpoints: add secret or bearer to --auth.")
    if created := access.credentials_to_create():
        use = f"put its id for {CREDENTIAL}, with --credential-id" if access.needs_credential else "use --credential-id"
        notes.append(f"A custom credential of your Vapi account can open this server; {use}:")
        notes += [f"  {line}" for line in created]
    if hidden:
        notes.append(f"{PLACEHOLDER} stands for the secret you set; --show-secret prints it, --apply sends it.")
    shown = " --show-secret" if hidden else ""
    notes += [
        "Without a fallbackPlan of its voice a call ends when the voice fails: see --fallback-voice.",
        "To configure an assistant, its fallback plans, its caching and a Server URL of its own kept:",
        f"  {_KEY_VARIABLE}=… {command} --apply ASSISTANT_ID",
        "or by hand, its startSpeakingPlan and its Server URL replaced:",
        f"  {command}{shown} | curl -X PATCH {vapi_api.API_URL}/assistant/ASSISTANT_ID --fail-with-body \\",
        f'    -H "Authorization: Bearer ${_KEY_VARIABLE}" -H "Content-Type: application/json" --data-binary @-',
    ]
    return notes


def _apply(access: ServerAccess, options: AssistantOptions, assistant_id: str, api_url: str) -> None:
    if options.call_key is not None and options.call_key != TEMPLATE:
        raise click.ClickException(
            "--call-key and --apply: expected one of them, because a key is of one call; found both"
        )
    if access.needs_credential:
        created = "\n  ".join(access.credentials_to_create())
        raise click.ClickException(f"--credential-id: expected the id of a custom credential, found none:\n  {created}")
    key = os.environ.get(_KEY_VARIABLE) or dotenv.dotenv_values(Path.cwd() / ".env").get(_KEY_VARIABLE)
    if not key:
        raise click.ClickException(f"{_KEY_VARIABLE}: expected the private API key of your Vapi account, found none")
    api = vapi_api.AssistantApi(api_url, key, secrets=(access.secret,) if access.secret else ())
    current, blocks = api.get(assistant_id), access.blocks(options)
    changed = api.patch(assistant_id, merged(current, blocks, options))
    named = changed.get("name") or assistant_id
    if options.server and keeps_server(current, blocks):
        click.echo("its Server URL is another server and stays: --forward-url can sit between them", err=True)
    click.echo(f"assistant {named}: voice, transcriber and smart endpointing now use {access.public_url}")
