"""``logs``: lines of one call out of a real server's log."""

from __future__ import annotations

import io
import json
from pathlib import Path

from click.testing import CliRunner

from providers.cli import main
from providers.log_lines.command import lines_of, read
from tests.live import serving, start

LOG = """not json
{"event": "voice", "level": "info", "timestamp": "2026-01-01T10:00:01.123456Z", "call_id": "vapi-1", "bytes": 10}
{"event": "engine", "level": "warning", "timestamp": "2026-01-01T10:00:02Z", "call": "ours-1", "kind": "lost"}
{"event": "call joined", "level": "info", "timestamp": "2026-01-01T10:00:03Z", "call": "ours-1", "call_id": "vapi-1"}
{"event": "voice", "level": "info", "timestamp": "2026-01-01T10:00:04Z", "call_id": "vapi-2", "bytes": 20}
{"event": "refused", "level": "warning", "timestamp": "2026-01-01T10:00:05Z", "reason": "full"}
"""


def run(*arguments: str, log: str = LOG) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["logs", *arguments], input=log)
    return done.exit_code, done.output


def test_a_calls_lines_are_found_by_either_of_its_ids() -> None:
    for name in ("vapi-1", "ours-1"):
        code, text = run("--call", name, "--json")
        assert code == 0
        assert [json.loads(line)["event"] for line in text.splitlines()] == ["voice", "engine", "call joined"]


def test_lines_are_shown_with_time_level_event_and_the_rest() -> None:
    _, text = run("--call", "vapi-1", "--event", "voice")
    assert text == "10:00:01.123  info     voice  call_id=vapi-1  bytes=10\n"


def test_without_a_call_every_line_is_shown_from_files_too(tmp_path: Path) -> None:
    file = tmp_path / "server.log"
    file.write_text(LOG)
    code, text = run(str(file))
    assert (code, len(text.splitlines())) == (0, 5)


def test_nothing_found_is_an_error_that_says_why() -> None:
    code, text = run("--call", "nobody")
    assert code == 1
    assert "--log-format json" in text


def test_the_schema_is_printed() -> None:
    code, text = run("--schema")
    assert code == 0
    assert json.loads(text)["title"] == "Log line of vapi-providers"


def test_a_served_calls_lines_are_found(logged: io.StringIO) -> None:
    with serving() as live:
        with live.call() as call:
            call.send(start(16000, 1))
        live.say("Hi", call={"id": "another"})
    found = list(read([logged.getvalue().splitlines()]))
    name = next(line["call"] for _, line in found if line["event"] == "call")
    assert [line["event"] for _, line in lines_of(name, found)] == ["call"]
    assert [line["event"] for _, line in lines_of("another", found)] == ["voice"]
