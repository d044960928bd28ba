"""Plots as inline SVG: no script, no library, readable in light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from providers.emulator.formatting import percentile

_WIDTH, _HEIGHT = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 28, 34
_POINTS = 200
"""Steps of a curve; more cannot be seen."""


def distribution(title: str, values: Sequence[float]) -> str:
    """The share of values (y) that are not above a time (x, logarithmic, seconds): p50 and p95 are marked."""
    if not values:
        return ""
    ordered = sorted(values)
    shares = [index / _POINTS for index in range(1, _POINTS + 1)]
    points = [(max(percentile(ordered, share), 1e-5), share) for share in shares]
    low = 10 ** math.floor(math.log10(points[0][0]))
    high = 10 ** math.ceil(math.log10(points[-1][0] * 1.0001))
    body = [_grid_x(low, high), *_grid_share(), _line([(_log(x, low, high), y) for x, y in points])]
    for share in (0.5, 0.95):
        value = percentile(ordered, share)
        x, y = _place(_log(max(value, 1e-5), low, high), share)
        body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="var(--mark)"/>')
        body.append(f'<text x="{x + 6:.1f}" y="{y + 12:.1f}">p{share * 100:.0f} {_time(value)}</text>')
    return _frame(title, body)


def curve(title: str, points: Sequence[tuple[float, float]], *, limit: float) -> str:
    """A time (y, seconds) over a number of calls (x), with the target it must keep."""
    known = sorted((x, y) for x, y in points if not math.isnan(y))
    if not known:
        return ""
    widest = known[-1][0] or 1.0
    highest = max(limit * 1.25, *(y for _, y in known))
    body = [_line([(x / widest, y / highest) for x, y in known])]
    for x, y in known:
        left, top = _place(x / widest, y / highest)
        body.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3.5" fill="var(--mark)"/>')
        body.append(f'<text x="{left:.1f}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle">{x:.0f}</text>')
    left, top = _place(0, limit / highest)
    body.append(f'<line x1="{left}" x2="{_WIDTH - _RIGHT}" y1="{top:.1f}" y2="{top:.1f}" stroke="var(--bad)"/>')
    body.append(f'<text x="{left + 4}" y="{top - 4:.1f}">target {_time(limit)}</text>')
    return _frame(title, body)


def _frame(title: str, body: Sequence[str]) -> str:
    x, y = _place(0, 0)
    axes = f'<path d="M{x} {_TOP}V{y}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor" stroke-opacity=".5"/>'
    head = f'<text x="{_LEFT}" y="16" style="font-weight:600">{escape(title)}</text>'
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img">{head}{axes}{"".join(body)}</svg>'


def _place(x: float, y: float) -> tuple[float, float]:
    """From shares of the plot's width and height to the picture's own coordinates."""
    return _LEFT + x * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - y * (_HEIGHT - _TOP - _BOTTOM)


def _line(points: Sequence[tuple[float, float]]) -> str:
    path = " ".join("{:.1f},{:.1f}".format(*_place(x, y)) for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="var(--mark)" stroke-width="2"/>'


def _log(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low)


def _grid_x(low: float, high: float) -> str:
    marks = []
    decade = low
    while decade <= high * 1.001:
        x, y = _place(_log(decade, low, high), 0)
        marks.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{y}" stroke="var(--line)"/>')
        marks.append(f'<text x="{x:.1f}" y="{y + 14:.1f}" text-anchor="middle">{_time(decade)}</text>')
        decade *= 10
    return "".join(marks)


def _grid_share() -> list[str]:
    marks = []
    for share in (0.0, 0.5, 0.95, 1.0):
        x, y = _place(0, share)
        marks.append(f'<line x1="{x}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>')
        marks.append(f'<text x="{x - 5}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>')
    return marks


def _time(value: float) -> str:
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
