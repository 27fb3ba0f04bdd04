"""Charts on the server: every kind, both themes, the same to the byte, and nothing in them that is not drawing."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from core import charts
from tests.core.charts.samples import SAMPLES

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("theme", charts.Theme)
@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_is_drawn_the_same_each_time(kind: str, theme: charts.Theme) -> None:
    first = charts.svg(SAMPLES[kind], width=640, height=360, theme=theme)
    root = ET.fromstring(first)  # noqa: S314 - of our own making
    assert (root.attrib["width"], root.attrib["height"]) == ("640", "360")
    assert len(list(root.iter())) > 8
    assert charts.svg(SAMPLES[kind], width=640, height=360, theme=theme) == first


def test_a_chart_says_its_figures_and_names() -> None:
    drawn = charts.svg(SAMPLES["heatmap"], width=640, height=360)
    assert "2026-01" in drawn
    assert ">41<" in drawn
    assert ">New<" in charts.svg(SAMPLES["sankey"], width=640, height=360)


def test_png_is_twice_as_fine() -> None:
    drawn = charts.png(SAMPLES["curve"], width=300, height=200)
    assert drawn.startswith(PNG)
    assert (int.from_bytes(drawn[16:20]), int.from_bytes(drawn[20:24])) == (600, 400)


def test_names_are_text_and_never_markup() -> None:
    hostile = '</text><script>alert(1)</script>"; self.echarts = null; //'
    chart = {"kind": "bar", "labels": [hostile], "series": [{"name": hostile, "values": [1]}]}
    drawn = charts.svg(chart, width=300, height=200)
    assert "<script" not in drawn
    assert ET.fromstring(drawn) is not None  # noqa: S314
    assert charts.svg(SAMPLES["bar"], width=300, height=200)


def test_an_empty_chart_is_a_chart() -> None:
    assert charts.svg({"kind": "bar", "labels": [], "series": []}, width=300, height=200).startswith("<svg")
    empty = {"kind": "heatmap", "labels": [], "rows": [], "cells": []}
    assert charts.svg(empty, width=300, height=200).startswith("<svg")
