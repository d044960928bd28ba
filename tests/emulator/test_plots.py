"""Plots are well-formed SVG that marks what they are about."""

from xml.etree import ElementTree

import pytest

from providers.emulator.plots import curve, distribution, over_time


def test_a_distribution_marks_its_percentiles() -> None:
    svg = distribution("lag <b>", [index / 1000 for index in range(1, 101)])
    root = ElementTree.fromstring(svg)
    texts = ["".join(element.itertext()) for element in root.iter("text")]
    assert texts[0] == "lag <b>"
    assert "p50 50 ms" in texts
    assert "p95 95 ms" in texts
    points = [tuple(map(float, pair.split(","))) for pair in next(root.iter("polyline")).attrib["points"].split()]
    assert points == sorted(points, key=lambda point: (point[0], -point[1]))
    assert all(0 <= x <= 460 and 0 <= y <= 250 for x, y in points)


def test_values_that_are_all_alike_have_a_distribution_too() -> None:
    ElementTree.fromstring(distribution("x", [0.01, 0.01]))
    ElementTree.fromstring(distribution("x", [0.0]))
    assert distribution("x", []) == ""


def test_a_curve_shows_its_target_and_leaves_out_what_is_unknown() -> None:
    svg = curve("p95", [(100, 0.1), (200, float("nan")), (400, 2.0)], limit=1.0)
    root = ElementTree.fromstring(svg)
    assert len(list(root.iter("circle"))) == 2
    assert "target 1 s" in ["".join(element.itertext()) for element in root.iter("text")]
    assert curve("p95", [(1, float("nan"))], limit=1.0) == ""


@pytest.mark.parametrize("scale", [1e-4, 0.01, 1.0, 30.0])
def test_no_label_leaves_the_picture(scale: float) -> None:
    """A character of 12 px is at most 7.5 px wide in the fonts that pages are shown with."""
    values = [scale * (1 + index / 7) for index in range(100)]
    course = [(index / 10, value) for index, value in enumerate(values)]
    pictures = [
        distribution("x", values),
        over_time("x", course, [3.0, 99.0], seconds=10.0),
        curve("x", [(calls, scale * calls) for calls in (1, 2, 4, 8, 800, 1600, 1650)], limit=scale * 3),
    ]
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for text in root.iter("text"):
            x, y, long = float(text.attrib["x"]), float(text.attrib["y"]), 7.5 * len("".join(text.itertext()))
            left = {"end": x - long, "middle": x - long / 2}.get(text.attrib.get("text-anchor", "start"), x)
            assert left >= 0, ElementTree.tostring(text)
            assert left + long <= width + 1, ElementTree.tostring(text)
            assert 0 < y < height


def test_a_course_shows_errors_where_they_came() -> None:
    root = ElementTree.fromstring(over_time("x", [(1.0, 0.1), (2.0, 0.2)], [5.0], seconds=10.0))
    [mark] = [path for path in root.iter("path") if path.attrib.get("stroke") == "var(--bad)"]
    assert float(mark.attrib["d"][1:].split()[0]) == pytest.approx(62 + (460 - 62 - 34) / 2)
    assert over_time("x", [], [5.0], seconds=10.0) == ""
