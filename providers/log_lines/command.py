"""The command ``logs``: the lines of one call out of a server's log."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any, TextIO

import click

__all__ = ["lines_of", "logs"]


@click.command()
@click.argument("sources", nargs=-1, type=click.File(encoding="utf-8", errors="replace"), metavar="[FILE]...")
@click.option("--call", "call_id", metavar="ID", help="Lines of this call: the platform's id, or the server's own.")
@click.option("--event", metavar="NAME", help="Lines of this event: call, voice, endpointing, engine, refused ...")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as they are.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a line, and end.")
def logs(sources: tuple[TextIO, ...], call_id: str | None, event: str | None, *, as_json: bool, schema: bool) -> None:
    """Pick lines out of a server's log (serve --log-format json): from FILEs, or from standard input.

    A call's lines are found by either of its ids, once one line has told that they belong together.

    \b
    kubectl logs deploy/vapi-providers | vapi-providers logs --call 9f1c...
    vapi-providers logs server.log --event refused
    """  # noqa: D301  # click reads the backspace character
    if schema:
        click.echo(files("providers.log_lines").joinpath("schema.json").read_text(), nl=False)
        return
    if not sources and sys.stdin.isatty():
        raise click.UsageError("expected a FILE, or a log on standard input")
    found = read(sources or (sys.stdin,))
    chosen = found if call_id is None else lines_of(call_id, found)
    count = 0
    for text, line in chosen:
        if event is None or line.get("event") == event:
            count += 1
            click.echo(text if as_json else shown(line))
    if not count:
        raise click.ClickException("no line fits; the log must be JSON (serve --log-format json)")


def read(sources: Iterable[Iterable[str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every line that is a JSON object, as it is and decoded."""
    for source in sources:
        for text in source:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and "event" in line:
                yield text.rstrip("\n"), line


def lines_of(call_id: str, lines: Iterable[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """The lines of one call, in order."""
    kept = [(text, line) for text, line in lines if _ids(line)]
    ids, before = {call_id}, 0
    while len(ids) > before:  # a line with both ids tells of each the other
        before = len(ids)
        for _, line in kept:
            if ids & _ids(line):
                ids |= _ids(line)
    return [(text, line) for text, line in kept if ids & _ids(line)]


def _ids(line: dict[str, Any]) -> set[str]:
    return {found for name in ("call", "call_id") if isinstance(found := line.get(name), str) and found}


def shown(line: dict[str, Any]) -> str:
    """A line for people: time, level, event, and the rest as ``name=value``."""
    rest = dict(line)
    head = [str(rest.pop(name, "")) for name in ("timestamp", "level", "event")]
    exception = rest.pop("exception", None)
    told = "  ".join(
        (f"{head[0][11:23]}  {head[1]:<7}  {head[2]}", *(f"{name}={value}" for name, value in rest.items()))
    )
    return told if exception is None else f"{told}\n{exception}"
