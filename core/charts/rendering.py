"""Charts as SVG and PNG: ECharts, told by the same script as in the browser, runs in V8 without a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import vl_convert
from py_mini_racer import MiniRacer

STATIC = Path(__file__).parent.parent / "static" / "core"
SCRIPTS = (STATIC / "vendor" / "echarts" / "echarts.min.js", STATIC / "charts" / "option.js")
# Width and height at most; what is drawn twice as fine for screens has four times the pixels.
MAX_PIXELS = 4000
SCALE = 2.0
TIMEOUT_SECONDS = 10
MEMORY_BYTES = 512 * 1024 * 1024
# What ECharts looks for and a page would have.
_SHIMS = (
    "var self = this; var console = {log() {}, warn() {}, error() {}};"
    "var setTimeout = function () { return 0; }; var clearTimeout = function () {};"
)
_DRAW = """
var draw = function (data, theme, width, height) {
  var chart = self.echarts.init(null, null, {renderer: "svg", ssr: true, width: width, height: height});
  chart.setOption(Object.assign(chartOption(data, theme), {backgroundColor: theme.surface}));
  var drawn = chart.renderToSVGString();
  chart.dispose();
  return drawn;
};
"""
# Names that ECharts counts up from drawing to drawing, so that equal charts would differ.
_COUNTED = re.compile(r"\bzr\d+-[a-z]+-?\d+")
# One at a time, and in a thread of its own: V8 takes no time limit in one that runs an event loop.
_DRAWING = ThreadPoolExecutor(1, "charts")


class Theme(StrEnum):
    LIGHT = "light"
    DARK = "dark"


_COLOURS = {
    Theme.LIGHT: {"dark": False, "text": "#4b5563", "line": "#e5e7eb", "surface": "#ffffff"},
    Theme.DARK: {"dark": True, "text": "#d1d5db", "line": "#374151", "surface": "#111827"},
}


def svg(chart: Mapping[str, Any], *, width: int, height: int, theme: Theme = Theme.LIGHT) -> str:
    """The chart as a document of its own, in pixels; equal charts are equal to the byte."""
    colours = {**_COLOURS[theme], "font": "sans-serif"}
    call = ", ".join(orjson.dumps(value).decode() for value in (dict(chart), colours, width, height))
    drawn = _DRAWING.submit(_drawn, f"draw({call})").result()
    names = {name: f"n{place}" for place, name in enumerate(dict.fromkeys(_COUNTED.findall(drawn)))}
    return _COUNTED.sub(lambda found: names[found.group()], drawn)


def png(chart: Mapping[str, Any], *, width: int, height: int, theme: Theme = Theme.LIGHT) -> bytes:
    """The same, twice as many pixels wide and high."""
    return bytes(vl_convert.svg_to_png(svg(chart, width=width, height=height, theme=theme), scale=SCALE))


def _drawn(script: str) -> str:
    return str(_engine().eval(script, timeout_sec=TIMEOUT_SECONDS))


@cache
def _engine() -> MiniRacer:
    """One for the process: loading ECharts takes a third of a second."""
    engine = MiniRacer()
    engine.set_hard_memory_limit(MEMORY_BYTES)
    engine.eval(_SHIMS)
    for script in SCRIPTS:
        engine.eval(script.read_text(encoding="utf-8"))
    engine.eval(_DRAW)
    return engine
