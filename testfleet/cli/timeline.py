"""Who worked when: lanes of workers in the terminal, and as SVG."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

LANES_SHOWN: Final = 24
"""Of a fleet of hundreds a terminal shows the first ones."""
_STARTS: Final = "░"
_TESTS: Final = "█"
_LOST: Final = "▒"
_IDLE: Final = "·"
LEGEND: Final = f"{_STARTS} starts  {_TESTS} tests  {_LOST} lost or cut off  {_IDLE} idle"

_WIDTH_PX: Final = 1200
_MARGIN_PX: Final = 120
_HIGHEST_LANE_PX: Final = 18.0
_LOWEST_LANE_PX: Final = 1.5
_HEIGHT_PX: Final = 1000.0
_TICKS: Final = 8
_NAMED_UNITS: Final = 10
_COLOURS: Final = {"starts": "#c7ccd6", "tests": "#3b7dd8", "lost or cut": "#d8573b"}
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Bar:
    """A shard on a worker."""

    lane: str
    start_s: float
    tests_s: float
    end_s: float
    is_whole: bool
    """False: lost, interrupted or out of time."""
    shard: str
    units: Sequence[str]


@dataclass(frozen=True)
class Timeline:
    """All bars of one run."""

    bars: Sequence[Bar]
    end_s: float
    bound_s: float
    """The lower bound: a mark on the axis."""

    @property
    def lanes(self) -> list[str]:
        """Names of the workers: those of the kind that began first come first."""
        began: dict[str, float] = {}
        for bar in self.bars:
            kind = bar.lane.rpartition("-")[0]
            began[kind] = min(began.get(kind, math.inf), bar.start_s)
        names = {bar.lane for bar in self.bars}
        return sorted(names, key=lambda lane: (began[lane.rpartition("-")[0]], lane))


def terminal_lines(timeline: Timeline, width: int) -> Iterator[str]:
    """A line for each of the first workers, an axis, and the legend."""
    lanes = timeline.lanes
    label = max((len(lane) for lane in lanes), default=0)
    columns = max(width - label - 1, 10)
    per_column = timeline.end_s / columns or 1.0
    by_lane: dict[str, list[Bar]] = {lane: [] for lane in lanes[:LANES_SHOWN]}
    for bar in timeline.bars:
        if bar.lane in by_lane:
            by_lane[bar.lane].append(bar)
    for lane, bars in by_lane.items():
        yield f"{lane:>{label}} {_cells(bars, columns, per_column)}"
    if len(lanes) > LANES_SHOWN:
        yield f"{'':>{label}} and {len(lanes) - LANES_SHOWN} more workers"
    end = f"{timeline.end_s:.1f} s"
    yield f"{'':>{label}} 0 s{end:>{columns - 3}}"
    yield f"{'':>{label}} {LEGEND}"


def _cells(bars: Sequence[Bar], columns: int, per_column: float) -> str:
    cells = [_IDLE] * columns
    for bar in bars:
        first, last = int(bar.start_s / per_column), math.ceil(bar.end_s / per_column)
        for at in range(first, min(max(last, first + 1), columns)):
            begun = (at + 0.5) * per_column >= bar.tests_s
            cells[at] = (_TESTS if bar.is_whole else _LOST) if begun else _STARTS
        if not bar.is_whole:
            cells[min(max(last, first + 1), columns) - 1] = _LOST
    return "".join(cells)


def svg(timeline: Timeline, title: str) -> str:
    """The whole timeline as an SVG document, each shard with a text that shows when pointed at."""
    lanes = {lane: at for at, lane in enumerate(timeline.lanes)}
    height = min(_HIGHEST_LANE_PX, max(_LOWEST_LANE_PX, _HEIGHT_PX / max(len(lanes), 1)))
    scale = (_WIDTH_PX - _MARGIN_PX - 20) / (max(timeline.end_s, timeline.bound_s) or 1.0)
    bottom = 40 + height * len(lanes)
    shapes = [shape for bar in timeline.bars for shape in _shapes(bar, lanes, height, scale)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PX}"'
            f' height="{bottom + 50:.0f}" font-family="sans-serif" font-size="11">',
            f"<title>{_text(title)}</title>",
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="10" y="20" font-size="14">{_text(title)}</text>',
            *_legend(),
            *_labels(list(lanes), height),
            *shapes,
            *_axis(timeline, bottom, scale),
            "</svg>",
            "",
        ]
    )


def _legend() -> Iterator[str]:
    for at, (name, colour) in enumerate(_COLOURS.items()):
        x = _WIDTH_PX - 240 + 75 * at
        yield f'<rect x="{x}" y="11" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 14}" y="20">{name}</text>'


def _shapes(bar: Bar, lanes: dict[str, int], height: float, scale: float) -> Iterator[str]:
    names = ", ".join(bar.units[:_NAMED_UNITS])
    more = len(bar.units) - _NAMED_UNITS
    told = f"{bar.shard} on {bar.lane}, {bar.start_s:.1f} to {bar.end_s:.1f} s: {names}"
    told += f" and {more} more" if more > 0 else ""
    top = 40 + height * lanes[bar.lane]
    yield f"<g><title>{_text(told)}</title>"
    begun = bar.is_whole or bar.tests_s < bar.end_s
    parts = (
        (bar.start_s, min(bar.tests_s, bar.end_s), "starts" if begun else "lost or cut"),
        (bar.tests_s, bar.end_s, "tests" if bar.is_whole else "lost or cut"),
    )
    for start_s, end_s, colour in parts:
        if end_s > start_s:
            yield (
                f'<rect x="{_MARGIN_PX + start_s * scale:.2f}" y="{top:.2f}"'
                f' width="{(end_s - start_s) * scale:.2f}" height="{height * 0.9:.2f}"'
                f" fill={quoteattr(_COLOURS[colour])}/>"
            )
    yield "</g>"


def _labels(lanes: Sequence[str], height: float) -> Iterator[str]:
    every = math.ceil(12 / height)
    for at, lane in enumerate(lanes):
        if at % every == 0:
            y = 40 + height * at + min(height * 0.75, 10)
            yield f'<text x="{_MARGIN_PX - 8}" y="{y:.1f}" text-anchor="end">{_text(lane)}</text>'


def _axis(timeline: Timeline, bottom: float, scale: float) -> Iterator[str]:
    for tick in range(_TICKS + 1):
        at_s = timeline.end_s * tick / _TICKS
        x = _MARGIN_PX + at_s * scale
        yield f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{at_s:.1f} s</text>'
    x = _MARGIN_PX + timeline.bound_s * scale
    yield (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="34" y2="{bottom:.1f}" stroke="#222"'
        ' stroke-dasharray="4 3"/>'
    )
    yield (
        f'<text x="{x:.1f}" y="{bottom + 36:.1f}" text-anchor="middle">'
        f"lower bound {timeline.bound_s:.1f} s</text>"
    )


def _text(text: str) -> str:
    """Fit for XML, whatever a unit is called."""
    return escape(_NOT_XML.sub("�", text))
