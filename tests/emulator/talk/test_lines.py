"""Lines that come through a pipe, from a file, or are given."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from providers.emulator.talk.lines import given_lines, typed_lines


async def collected(descriptor: int) -> list[str]:
    return [line async for line in typed_lines(descriptor)]


def test_lines_come_as_they_are_typed_and_nothing_else_waits_meanwhile() -> None:
    async def conversation() -> list[str]:
        reader, writer = os.pipe()
        try:
            lines = typed_lines(reader)
            os.write(writer, b"one\ntw")
            first = await anext(lines)
            second = asyncio.ensure_future(anext(lines))
            # The loop turns while the rest of the line is awaited: a read of the pipe would stop it here.
            for _ in range(20):
                await asyncio.sleep(0)
            assert not second.done()
            os.write(writer, b"o\nlast")
            os.close(writer)
            return [first, await second, *[line async for line in lines]]
        finally:
            os.close(reader)

    assert asyncio.run(conversation()) == ["one", "two", "last"]


def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("one\n\nzwölf\n" + "long " * 2000)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        assert asyncio.run(collected(descriptor)) == ["one", "", "zwölf", "long " * 2000]
    finally:
        os.close(descriptor)


def test_lines_of_the_command_line_are_given() -> None:
    async def given() -> list[str]:
        return [line async for line in given_lines(("a", "b"))]

    assert asyncio.run(given()) == ["a", "b"]
