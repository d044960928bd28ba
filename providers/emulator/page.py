"""One HTML page that needs nothing but itself: no script, no font, no network; on a telephone rows become cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --good: #1a7f37; --bad: #c62828; --dim: #666; --line: #8884; --mark: #2f6fde; }
@media (prefers-color-scheme: dark) { :root { --good: #4caf65; --bad: #ff6b62; --dim: #aaa; --mark: #7aa7ff; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.note { color: var(--dim); margin-top: .3rem; }
.banner { border-left: .4rem solid var(--dim); padding: .6rem 1rem; font-size: 1.1rem; font-weight: 600;
background: #8881; margin: 1rem 0; } .banner.good { border-color: var(--good); color: var(--good); }
.banner.bad { border-color: var(--bad); color: var(--bad); }
.banner ul { margin: .3rem 0 0; padding-left: 1.2rem; font-size: .95rem; font-weight: 400; }
table { border-collapse: collapse; width: 100%; margin: 1.2rem 0; }
td, th { text-align: left; vertical-align: top; padding: .35rem .6rem;
border-bottom: 1px solid var(--line); } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.passed { color: var(--good); } .failed { color: var(--bad); font-weight: 600; } .dim { color: var(--dim); }
svg { width: 100%; height: auto; overflow: visible; } svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2rem; }
@media (max-width: 600px) {
  body { margin: 1rem auto; } thead { display: none; } table, tbody, tr, td { display: block; }
  tr { border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; padding: .4rem .2rem; }
  td { border: 0; padding: .1rem .6rem; } td.number { display: flex; justify-content: space-between; }
  td[data-label]::before { content: attr(data-label); color: var(--dim); margin-right: 1rem; font-weight: 400; }
}
"""


def page(title: str, note: str, parts: Iterable[str]) -> str:
    """A whole document; ``parts`` are HTML already, title and note are text."""
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f'<body><h1>{escape(title)}</h1><p class="note">{escape(note)}</p>\n{body}\n</body></html>\n'
    )


def heading(text: str) -> str:
    """A section's title."""
    return f"<h2>{escape(text)}</h2>"


def banner(text: str, *, good: bool | None, errors: Sequence[str] = ()) -> str:
    """The verdict, with the errors below it; green, red, or grey where ``good`` is None."""
    kind = {True: "banner good", False: "banner bad", None: "banner"}[good]
    items = "".join(f"<li>{escape(error)}</li>" for error in errors)
    return f'<div class="{kind}" role="status">{escape(text)}{f"<ul>{items}</ul>" if items else ""}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int | None = None) -> str:
    """A table of text; columns from ``numbers_from`` on are set as numbers."""
    right = len(head) if numbers_from is None else numbers_from

    def cells(tag: str, row: Sequence[str]) -> str:
        made = []
        for index, (text, name) in enumerate(zip(row, head, strict=True)):
            label = f' data-label="{escape(name)}"' if tag == "td" and name else ""
            number = ' class="number"' if index >= right else ""
            made.append(f"<{tag}{number}{label}>{escape(text)}</{tag}>")
        return "".join(made)

    lines = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', head)}</tr></thead><tbody>\n{lines}\n</tbody></table>"
