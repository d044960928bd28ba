"""Every public name of dsp tells its parameters, what it returns and what it raises, in numpydoc."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import dsp


def documented() -> Iterator[tuple[str, Any, str]]:
    """Each public function and method, and the docstring that owes its description."""
    for name in dsp.__all__:
        thing = getattr(dsp, name)
        if inspect.isfunction(thing):
            yield name, thing, inspect.getdoc(thing) or ""
        elif isinstance(thing, type) and not issubclass(thing, Exception) and not getattr(thing, "_is_protocol", False):
            if "__init__" in vars(thing) and not hasattr(thing, "__dataclass_fields__"):
                yield name, thing.__init__, inspect.getdoc(thing) or ""
            for member, method in vars(thing).items():
                if inspect.isfunction(method) and not member.startswith("_"):
                    yield f"{name}.{member}", method, inspect.getdoc(method) or ""


ALL = list(documented())


def section(text: str, title: str) -> str:
    """The lines below a numpydoc title; empty where it is missing."""
    _, found, rest = text.partition(f"{title}\n{'-' * len(title)}\n")
    return rest if found else ""


@pytest.mark.parametrize(("name", "function", "text"), ALL, ids=[name for name, _, _ in ALL])
def test_parameters_and_answers_are_described(name: str, function: Any, text: str) -> None:
    signature = inspect.signature(function)
    described = [each.strip() for line in section(text, "Parameters").splitlines() if " : " in line
                 for each in line.partition(" : ")[0].split(",")]  # fmt: skip
    missing = [each for each in signature.parameters if each != "self" and each not in described]
    assert not missing, f"{name}: parameters without a description: {missing}"
    if signature.return_annotation not in ("None", None, inspect.Signature.empty):
        assert section(text, "Returns"), f"{name}: Returns is missing"
