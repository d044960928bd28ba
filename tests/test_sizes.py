"""Sizes that a reader can hold in mind: functions, classes and modules stay below their limits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("dsp", "providers", "benchmarks")

MODULE_LINES = 300
FUNCTION_LINES = 40
"""Without its docstring."""
ATTRIBUTES = 12

RECORDS = {
    "Settings": "one field for each group of settings",
    "Server": "each field is a public setting",
    "Hmac": "each field is an option of the platform's credential",
    "DeepgramListening": "each field is a parameter of the vendor's socket",
    "Voice": "each field is a public setting, or one of the platform's own",
    "Scenario": "each field is a key of a scenario file",
    "Expectation": "each field is a key of a scenario file",
    "Limits": "each field is one number that check judges by",
    "Assistant": "each field is one of the platform's own",
}
"""Classes of fields alone that may have more, and why."""

KERNELS = {"Limiter", "VoiceActivity", "ActivityFeatures"}
"""Stages whose state is the memory of a compiled kernel: an array for each of its buffers."""


def sources() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield str(file.relative_to(ROOT)), file.read_text()


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    is_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def attributes(found: ast.ClassDef) -> set[str]:
    """Names that the class declares or its methods assign."""
    declared = {
        node.target.id
        for node in found.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and "ClassVar" not in ast.dump(node)
    }
    assigned = {
        node.attr
        for node in ast.walk(found)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return declared | assigned


def faults(name: str, source: str) -> Iterator[str]:
    """Everything in one module that is over its limit."""
    lines = source.count("\n")
    if lines > MODULE_LINES:
        yield f"{name}: {lines} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION_LINES:
            yield f"{name}: {node.name}: {length(node)} lines"
        if (
            isinstance(node, ast.ClassDef)
            and node.name not in {*RECORDS, *KERNELS}
            and len(attributes(node)) > ATTRIBUTES
        ):
            yield f"{name}: {node.name}: {len(attributes(node))} attributes"


def test_every_function_class_and_module_is_below_its_limit() -> None:
    assert [fault for name, source in sources() for fault in faults(name, source)] == []


def test_the_records_hold_fields_alone() -> None:
    """A class with more attributes than the limit assigns none of them."""
    classes = [
        node
        for _, source in sources()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and node.name in RECORDS
    ]
    assert {found.name for found in classes} == set(RECORDS)
    for found in classes:
        assert not any(isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) for node in ast.walk(found))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n" * 301, "301 lines"),
        ("def long():\n" + "    x = 1\n" * 40, "long: 41 lines"),
        ('def told():\n    """' + "\n" * 60 + '"""\n' + "    x = 1\n" * 38, None),
        ("class Wide:\n    def __init__(self):\n" + "".join(f"        self.a{n} = 0\n" for n in range(13)), "13 attri"),
        ("class Table:\n" + "".join(f"    a{n}: int\n" for n in range(13)), "13 attributes"),
    ],
)
def test_each_limit_is_noticed(source: str, told: str | None) -> None:
    found = list(faults("m.py", source))
    assert bool(found) is (told is not None)
    assert told is None or told in found[0]
