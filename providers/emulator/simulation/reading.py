"""Scenario files: YAML in, `Scenario` out; a fault names file, line, field, what was expected and what is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

from providers.emulator.failures import EmulatorError
from providers.emulator.simulation.scenario import Line, Scenario

_LARGEST = 1 << 20
"""Bytes of a scenario file."""
_ACTIONS = ("say", "wav", "silence", "hangup")
_MOMENTS = ("after", "interrupt", "overlap")


def read_scenario(path: Path) -> Scenario:
    """The scenario of a file; its name is the file's where it has none.

    Raises
    ------
    EmulatorError
        In one line: where, which field, what was expected, what is there.
    """
    text = _text(path)
    node, value = _parsed(path, text)
    try:
        scenario = msgspec.convert(value, Scenario, strict=True)
    except msgspec.ValidationError as fault:
        raise _explained(path, node, value, str(fault)) from None
    for at, line in enumerate(scenario.caller):
        _check_line(path, node, f"caller[{at}]", line)
    for at, expectation in enumerate(scenario.expect):
        given = [name for name in expectation.__struct_fields__ if getattr(expectation, name) is not None]
        if len(given) != 1:
            raise _fault(path, node, f"expect[{at}]", f"expected one key, found {', '.join(given) or 'none'}")
    return scenario if scenario.name else msgspec.structs.replace(scenario, name=path.stem)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise EmulatorError(f"{path}: {fault.strerror or fault}") from fault
    if len(data) > _LARGEST:
        raise EmulatorError(f"{path}: expected at most {_LARGEST} bytes, found {len(data)}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise EmulatorError(f"{path}: expected UTF-8, found byte {data[fault.start]:#04x} at {fault.start}") from fault


def _parsed(path: Path, text: str) -> tuple[yaml.Node | None, Any]:
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise EmulatorError(f"{path}: expected YAML without aliases")
        return yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise EmulatorError(f"{path}:{line}: expected YAML: {fault.problem or fault.context}") from fault
    except yaml.YAMLError as fault:
        raise EmulatorError(f"{path}: expected YAML: {str(fault).splitlines()[0]}") from fault


def _check_line(path: Path, node: yaml.Node | None, field: str, line: Line) -> None:
    given = [name for name in _ACTIONS if getattr(line, name) not in (None, False)]
    if len(given) != 1:
        raise _fault(path, node, field, f"expected one of {', '.join(_ACTIONS)}, found {', '.join(given) or 'none'}")
    moments = [name for name in _MOMENTS if getattr(line, name) is not None]
    if len(moments) > 1:
        raise _fault(path, node, field, f"expected one of {', '.join(_MOMENTS)}, found {' and '.join(moments)}")
    if line.wav is not None and not (path.parent / line.wav).is_file():
        raise _fault(path, node, f"{field}.wav", f"expected a file beside the scenario, found none named {line.wav}")


def _explained(path: Path, node: yaml.Node | None, value: Any, fault: str) -> EmulatorError:
    """A sentence of msgspec's with the place in the file: ``Expected `float`, got `str` - at `$.caller[0].after```."""
    what, _, where = fault.partition(" - at ")
    field = where.strip("`").removeprefix("$").lstrip(".")
    expected = what.replace("`", "").replace(", got ", ", found ")
    unknown = re.search(r"unknown field '?`?([\w-]+)", fault)
    if unknown:
        name = unknown.group(1)
        return _fault(path, node, f"{field}.{name}".lstrip("."), "expected a known field, found this one")
    if ", found " not in expected:
        expected += f", found {_at(value, field)!r}"
    return _fault(path, node, field, expected[:1].lower() + expected[1:])


def _fault(path: Path, node: yaml.Node | None, field: str, sentence: str) -> EmulatorError:
    return EmulatorError(f"{path}:{_line_of(node, field)}: {field or 'scenario'}: {sentence}")


def _line_of(node: yaml.Node | None, field: str) -> int:
    """Line, from 1, on which a field stands, or the nearest one around it."""
    line = node.start_mark.line + 1 if node is not None else 1
    for step in re.findall(r"[^.\[\]]+", field):
        if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
        elif isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if str(key.value) == step), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
            continue
        else:
            return line
        line = node.start_mark.line + 1
    return line


def _at(value: Any, field: str) -> Any:
    for step in re.findall(r"[^.\[\]]+", field):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value if isinstance(value, (int, float)) else str(value)[:40]
