"""One word, one thing: no two public classes of the server, of the emulator or of the benchmarks have the same name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SAME = {
    "server": {
        "Hearing": "a dialect's hearing is of one socket, the turns' of one call",
        "Model": "OpenAI's and the playground's wires, and the catalogue: each spells a list that others read",
        "Refused": "a decoder and the wire of the transcriber refuse what they are sent",
        "Session": "OpenAI's word on its wire, a socket of a dialect, and a visitor of the playground",
        "Speech": "what the dialects serve, and what the engine tier serves",
        "SpeechRequest": "OpenAI's wire, and the engine tier's",
        "VoiceOptions": "of a vendor's voice, and of the endpoint",
    },
    "emulator": {
        "Display": "of one call, and of a talk",
        "Outcome": "of a rule, and of a simulated call",
        "ScriptedModel": "a part for tests, and a scenario's",
        "Verdict": "on a rule, and on a simulated call",
    },
    "benchmarks": {},
}
"""Names that two modules share, each with its reason."""


def world_of(path: Path) -> str:
    """The emulator spells the protocol itself, and so has the server's names again."""
    if path.parts[0] == "benchmarks":
        return "benchmarks"
    return "emulator" if path.parts[:2] == ("providers", "emulator") else "server"


def shared(world: str) -> Mapping[str, list[str]]:
    """Public classes at the top of more than one module, with their modules."""
    found = defaultdict(list)
    for folder in ("providers", "dsp", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = path.relative_to(ROOT)
            if world_of(module) == world:
                for node in ast.parse(path.read_text()).body:
                    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                        found[node.name].append(str(module))
    return {name: modules for name, modules in found.items() if len(modules) > 1}


@pytest.mark.parametrize("world", SAME)
def test_no_two_public_classes_have_the_same_name(world: str) -> None:
    twice = shared(world)
    assert {name: modules for name, modules in twice.items() if name not in SAME[world]} == {}
    assert set(SAME[world]) <= set(twice), "a name in the list is no longer shared"
