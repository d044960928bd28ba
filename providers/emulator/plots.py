"""Plots as inline SVG: no script, no library, readable in light and dark; no label leaves the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from providers.emulator.formatting import percentile

_WIDTH, _HEIGHT = 460, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 34, 30, 40
_POINTS = 200
"""Steps of a curve; more cannot be seen."""
_SLICES = 40
"""Steps of a curve over time."""

_LEGEND = (
    f'<g stroke="var(--mark)" stroke-width="2"><path d="M{_WIDTH - 160} 12h24"/>'
    f'<path d="M{_WIDTH - 90} 12h24" stroke-dasharray="4 3"/></g>'
    f'<text x="{_WIDTH - 131}" y="16">p50</text><text x="{_WIDTH - 61}" y="16">p95</text>'
)
"""Which line of a curve over time is which."""

Point = tuple[float, float]


def distribution(title: str, values: Sequence[float]) -> str:
    """The share of values (y) that are not above a time (x, logarithmic, seconds): p50 and p95 are marked."""
    if not values:
        return ""
    ordered = sorted(values)
    shares = [index / _POINTS for index in range(1, _POINTS + 1)]
    points = [(max(percentile(ordered, share), 1e-5), share) for share in shares]
    low = 10 ** math.floor(math.log10(points[0][0]))
    high = 10 ** math.ceil(math.log10(points[-1][0] * 1.0001))

    def along(value: float) -> float:
        return math.log(max(value, low) / low) / math.log(high / low)

    decades = [low * 10**index for index in range(round(math.log10(high / low)) + 1)]
    body = [_grid_x([(along(value), _time(value)) for value in decades])]
    body.append(_grid_y([(share, f"{share:.0%}") for share in (0.0, 0.5, 0.95)]))
    body.append(_line([(along(x), y) for x, y in points]))
    for share, drop in ((0.5, 14), (0.95, 16)):
        value = percentile(ordered, share)
        body.append(_marked((along(value), share), f"p{share * 100:.0f} {_time(value)}", drop))
    return _frame(title, body)


def curve(title: str, points: Sequence[Point], *, limit: float) -> str:
    """A time (y, seconds) over a number of calls (x), with the target it must keep."""
    known = sorted((x, y) for x, y in points if not math.isnan(y))
    if not known:
        return ""
    widest = known[-1][0] or 1.0
    highest = max(limit * 1.25, *(y for _, y in known))
    labels, end = [], -1.0
    for x, _ in known:  # a label too near the one before would be written over it
        if x / widest - end > 0.09:
            labels.append((x / widest, f"{x:.0f}"))
            end = x / widest
    body = [_grid_x(labels), _grid_y(_steps(highest)), _target(limit / highest, limit)]
    body.append(_line([(x / widest, y / highest) for x, y in known]))
    body += [_dot((x / widest, y / highest)) for x, y in known]
    return _frame(title, body)


def over_time(title: str, points: Sequence[Point], errors: Sequence[float], *, seconds: float) -> str:
    """Median and p95 (y, seconds) of what came in each slice of a load (x, seconds), errors as red marks below."""
    slices: list[list[float]] = [[] for _ in range(_SLICES)]
    for at, value in points:
        slices[min(_SLICES - 1, max(0, int(at / seconds * _SLICES)))].append(value)
    filled = [((index + 0.5) / _SLICES, values) for index, values in enumerate(slices) if values]
    if not filled:
        return ""
    highest = 1.15 * max(percentile(values, 0.95) for _, values in filled) or 1.0
    ticks = [(share, f"{share * seconds:.3g} s") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    body = [_LEGEND, _grid_x(ticks), _grid_y(_steps(highest))]
    for share, style in ((0.95, ' stroke-dasharray="4 3"'), (0.5, "")):
        curve_points = [(x, percentile(values, share) / highest) for x, values in filled]
        body.append(_line(curve_points, style))
    for at in errors[:_POINTS]:
        x, y = _place((min(1.0, max(0.0, at / seconds)), 0.0))
        body.append(f'<path d="M{x:.1f} {y}v-8" stroke="var(--bad)" stroke-width="2"/>')
    return _frame(title, body)


def _frame(title: str, body: Sequence[str]) -> str:
    x, y = _place((0, 0))
    axes = f'<path d="M{x} {_TOP}V{y}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor" stroke-opacity=".5"/>'
    head = f'<text x="0" y="16" style="font-weight:600">{escape(title)}</text>'
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}"'
    return f"<svg {size}>{head}{axes}{''.join(body)}</svg>"


def _place(point: Point) -> Point:
    """From shares of the plot's width and height to the picture's own coordinates."""
    x, y = point
    return _LEFT + x * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - y * (_HEIGHT - _TOP - _BOTTOM)


def _line(points: Sequence[Point], style: str = "") -> str:
    path = " ".join("{:.1f},{:.1f}".format(*_place(point)) for point in points)
    return f'<polyline points="{path}" fill="none" stroke="var(--mark)" stroke-width="2"{style}/>'


def _dot(point: Point) -> str:
    x, y = _place(point)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="var(--mark)"/>'


def _label(point: Point, text: str, drop: float) -> str:
    """Text beside a point, on the side that has room for it."""
    x, y = _place(point)
    anchor, shift = ("end", -7) if point[0] > 0.6 else ("start", 7)
    return f'<text x="{x + shift:.1f}" y="{max(y + drop, _TOP + 10):.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _marked(point: Point, text: str, drop: float) -> str:
    return _dot(point) + _label(point, text, drop)


def _grid_x(ticks: Sequence[tuple[float, str]]) -> str:
    marks = []
    for share, text in ticks:
        x, y = _place((share, 0))
        marks.append(f'<path d="M{x:.1f} {_TOP}V{y}" stroke="var(--line)"/>')
        marks.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{text}</text>')
    return "".join(marks)


def _grid_y(ticks: Sequence[tuple[float, str]]) -> str:
    marks = []
    for share, text in ticks:
        x, y = _place((0, share))
        marks.append(f'<path d="M{x} {y:.1f}H{_WIDTH - _RIGHT}" stroke="var(--line)"/>')
        marks.append(f'<text x="{x - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    return "".join(marks)


def _steps(highest: float) -> list[tuple[float, str]]:
    """Round values of a linear axis from 0 to ``highest``."""
    rough = highest / 4
    scale: float = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * factor for factor in (1, 2, 5, 10) if scale * factor >= rough)
    return [(index * step / highest, _time(index * step)) for index in range(int(highest / step) + 1)]


def _target(share: float, limit: float) -> str:
    left, top = _place((0, share))
    line = f'<path d="M{left} {top:.1f}H{_WIDTH - _RIGHT}" stroke="var(--bad)"/>'
    return f'{line}<text x="{left + 4}" y="{top - 5:.1f}">target {_time(limit)}</text>'


def _time(value: float) -> str:
    if value == 0:
        return "0"
    if value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} s" if value < 100 else f"{value:.0f} s"
