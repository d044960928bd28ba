"""Plots are well-formed SVG that marks what they are about."""

from xml.etree import ElementTree

from providers.emulator.load.plots import curve, distribution


def test_a_distribution_marks_its_percentiles():
    svg = distribution("lag <b>", [index / 1000 for index in range(1, 101)])
    root = ElementTree.fromstring(svg)
    texts = ["".join(element.itertext()) for element in root.iter("text")]
    assert texts[0] == "lag <b>"
    assert "p50 50 ms" in texts
    assert "p95 95 ms" in texts
    points = [tuple(map(float, pair.split(","))) for pair in next(root.iter("polyline")).attrib["points"].split()]
    assert points == sorted(points, key=lambda point: (point[0], -point[1]))
    assert all(0 <= x <= 420 and 0 <= y <= 240 for x, y in points)


def test_values_that_are_all_alike_have_a_distribution_too():
    ElementTree.fromstring(distribution("x", [0.01, 0.01]))
    ElementTree.fromstring(distribution("x", [0.0]))
    assert distribution("x", []) == ""


def test_a_curve_shows_its_target_and_leaves_out_what_is_unknown():
    svg = curve("p95", [(100, 0.1), (200, float("nan")), (400, 2.0)], limit=1.0)
    root = ElementTree.fromstring(svg)
    assert len(list(root.iter("circle"))) == 2
    assert "target 1 s" in ["".join(element.itertext()) for element in root.iter("text")]
    assert curve("p95", [(1, float("nan"))], limit=1.0) == ""
