"""A chart of every kind."""

from __future__ import annotations

from typing import Any

SAMPLES: dict[str, dict[str, Any]] = {
    "bar": {
        "kind": "bar", "labels": ["Jan", "Feb", "Mar"],
        "series": [{"name": "Revenue", "values": ["1200.50", "900", None]}, {"name": "Orders", "values": [12, 9, 0]}],
    },
    "hbar": {"kind": "hbar", "labels": ["Banner", "Newsletter"], "series": [{"name": "Customers", "values": [10, 40]}]},
    "stacked": {
        "kind": "stacked", "labels": ["2025", "2026"],
        "series": [{"name": "New", "values": [3, 4]}, {"name": "Lapsed", "values": [1, 2], "tone": "bad"}],
    },
    "line": {"kind": "line", "labels": ["a", "b"], "unit": "share", "series": [{"name": "Share", "values": [0.25, 1]}]},
    "ring": {"kind": "ring", "labels": ["Web", "Store"], "series": [{"name": "Orders", "values": [3, 5]}]},
    "curve": {
        "kind": "curve", "x": {"name": "Share of customers", "unit": "share"},
        "y": {"name": "Share of profit", "unit": "share"},
        "series": [
            {"name": "Profit", "points": [[0, 0], [0.2, 1.3], [0.6, 1.45], [1, 1]], "filled": True},
            {"name": "Equal", "points": [[0, 0], [1, 1]], "dashed": True},
        ],
    },
    "heatmap": {
        "kind": "heatmap", "unit": "share", "labels": ["0", "1", "2"], "rows": ["2026-01", "2026-02"],
        "cells": [[0, 0, 1], [1, 0, "0.41"], [2, 0, 0.3], [0, 1, 1], [1, 1, 0.38], [2, 1, None]],
    },
    "sankey": {
        "kind": "sankey",
        "nodes": [
            {"name": "0/new", "title": "New", "depth": 0}, {"name": "1/active", "title": "Active", "depth": 1},
            {"name": "1/lapsed", "title": "Lapsed", "depth": 1},
        ],
        "links": [
            {"source": "0/new", "target": "1/active", "value": 30},
            {"source": "0/new", "target": "1/lapsed", "value": 12}
        ],
    },
}  # fmt: skip
