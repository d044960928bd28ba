"""The page's modules that need no browser, in node; the types of all of them, by TypeScript's compiler."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "providers" / "pages" / "app"
NODE = shutil.which("node")
TSC = ROOT / "node_modules" / "typescript" / "bin" / "tsc"

needs_node = pytest.mark.skipif(NODE is None, reason="needs node")


def run(*lines: str) -> Any:
    """What a script prints as JSON; the modules are imported by their names."""
    assert NODE is not None
    script = "\n".join(lines)
    done = subprocess.run(
        [NODE, "--input-type=module", "-"],
        input=script, cwd=APP, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def imported(names: str, module: str) -> str:
    """An import of a module of the page, which has no package.json to say that it is one."""
    return (
        "import { readFileSync } from 'node:fs';\n"
        f"const {{ {names} }} = await import('data:text/javascript,' + "
        f"encodeURIComponent(readFileSync('{module}', 'utf8').replaceAll(/^import .*$/gm, '')));"
    )


@needs_node
@pytest.mark.parametrize(("in_rate", "out_rate"), [(48000, 16000), (44100, 8000), (16000, 48000), (24000, 44100)])
def test_sound_keeps_its_shape_at_another_rate_however_it_is_cut(in_rate: int, out_rate: int) -> None:
    found = run(
        imported("Resampler", "resample.js"),
        f"const [from, to] = [{in_rate}, {out_rate}];",
        "const sine = Float32Array.from({ length: from }, (_, i) => Math.sin(2 * Math.PI * 440 * i / from));",
        "const whole = new Resampler(from, to).feed(sine);",
        "const cut = new Resampler(from, to); const parts = [];",
        "for (let at = 0; at < sine.length; at += 128) parts.push(...cut.feed(sine.subarray(at, at + 128)));",
        # Places are sums of a step that is no binary fraction: they differ by rounding, at the end by one sample.
        "const short = Math.min(parts.length, whole.length);",
        "const near = parts.slice(0, short).every((one, i) => Math.abs(one - whole[i]) < 1e-6);",
        "const same = near && Math.abs(parts.length - whole.length) <= 1;",
        "let power = 0, error = 0;",
        "for (let i = 1000; i < whole.length - 1000; i += 1) {",
        "  const exact = Math.sin(2 * Math.PI * 440 * i / to);",
        "  power += exact ** 2; error += (exact - whole[i]) ** 2;",
        "}",
        "console.log(JSON.stringify({ same, length: whole.length, snr: 10 * Math.log10(power / error) }));",
    )
    assert found["same"]
    assert found["length"] == pytest.approx(out_rate, abs=out_rate / 400)
    assert found["snr"] > 50


@needs_node
def test_what_would_fold_back_is_filtered_out() -> None:
    found = run(
        imported("Resampler", "resample.js"),
        "const high = Float32Array.from({ length: 48000 }, (_, i) => Math.sin(2 * Math.PI * 12000 * i / 48000));",
        "const out = new Resampler(48000, 16000).feed(high).slice(1000);",
        "console.log(JSON.stringify(Math.max(...out.map(Math.abs))));",
    )
    assert found < 0.01


@needs_node
@pytest.mark.parametrize(
    ("before", "after", "kinds", "changes"),
    [
        ("a table for two", "A table, for two.", ["same"], 0),
        ("a table far to", "a table for two", ["same", "before", "after"], 2),
        ("", "hello there", ["after"], 2),
        ("one two three", "two three", ["before", "same"], 1),
    ],
)
def test_texts_are_compared_word_by_word(before: str, after: str, kinds: list[str], changes: int) -> None:
    found = run(
        imported("difference, changed", "diff.js"),
        f"const pieces = difference({json.dumps(before)}, {json.dumps(after)});",
        "console.log(JSON.stringify({ pieces, ...changed(pieces) }));",
    )
    assert [piece["kind"] for piece in found["pieces"]] == kinds
    assert found["changes"] == changes


@needs_node
def test_server_sent_events_are_read() -> None:
    found = run(
        "globalThis.sessionStorage = { getItem: () => null };",
        imported("parsed", "api.js"),
        "console.log(JSON.stringify([parsed(': nothing new'), parsed('event: final\\ndata: {\"at\": 1}')]));",
    )
    assert found == [None, {"event": "final", "data": {"at": 1}}]


@needs_node
@pytest.mark.skipif(not TSC.exists(), reason="needs TypeScript (npm install --no-save typescript)")
def test_the_types_of_all_modules_fit(tmp_path: Path) -> None:
    options = {
        "allowJs": True, "checkJs": True, "noEmit": True, "strict": True, "target": "es2023", "module": "es2022",
        "moduleResolution": "bundler", "lib": ["es2023", "dom", "dom.iterable", "dom.asynciterable"], "types": [],
    }  # fmt: skip
    # What runs in an audio worklet has globals that the compiler's library does not know.
    files = [str(file) for file in APP.glob("*.js") if not file.name.endswith("-worklet.js")]
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": files}))
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(TSC), "-p", str(tmp_path)], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stdout == ""
