"""The run's timeline as SVG: workers as lanes, shards as bars, waiting and repeating to be seen."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor, log10
from typing import Final

from testfleet.contracts.report import RunReport, ShardReport
from testfleet.contracts.result import Outcome
from testfleet.results.html.text import html, many, seconds

MAX_LANES: Final = 120
_WIDTH: Final = 1000
_LEFT: Final = 76
_LANE: Final = 26
_BAR: Final = 18
_TOP: Final = 8
_AXIS: Final = 26
_LEAST_WIDTH: Final = 1.5
_LABEL_FROM: Final = 62
_TICKS: Final = 8
_RED: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.LOST)


@dataclass(frozen=True)
class Bar:
    """A shard on the time axis."""

    shard: ShardReport
    begin_s: float
    end_s: float
    kind: str
    """`first`, `again` for rounds after the first, `rerun` for failed tests that run once more."""


Lane = list[Bar]


def timeline(report: RunReport) -> str:
    """The figure with its legend, and the same as a table. Empty when nothing ran."""
    lanes = lanes_of(report)
    if not lanes:
        return ""
    shown = lanes[:MAX_LANES]
    end_s = max(report.wall_s, 0.001, *(bar.end_s for lane in lanes for bar in lane))
    red = Counter(test.shard for test in report.tests if test.outcome in _RED)
    hidden = f"<p class=dim>… and {many(len(lanes) - len(shown), 'more lane')}</p>"
    return (
        f"<figure>{_legend(lanes)}<div class=scroll>{_svg(shown, end_s, red)}</div>"
        f"{hidden if len(lanes) > len(shown) else ''}</figure>{_table(report, red)}"
    )


def lanes_of(report: RunReport) -> list[Lane]:
    """Shards in as few lanes as could run them, in the order in which they began.

    Which worker took which shard nobody records; no two bars of a lane overlap.
    """
    bars = [
        *(_bar(report, shard, _kind(shard)) for shard in report.shards),
        *(_bar(report, shard, "rerun") for shard in report.reruns),
    ]
    ordered = sorted((bar for bar in bars if bar), key=lambda bar: (bar.begin_s, bar.shard.id))
    lanes: list[Lane] = []
    free: list[tuple[float, int]] = []
    for bar in ordered:
        if free and free[0][0] <= bar.begin_s:
            _, at = heapq.heappop(free)
        else:
            at = len(lanes)
            lanes.append([])
        lanes[at].append(bar)
        heapq.heappush(free, (bar.end_s, at))
    return lanes


def _kind(shard: ShardReport) -> str:
    return "first" if shard.id.startswith("r1-") else "again"


def _bar(report: RunReport, shard: ShardReport, kind: str) -> Bar | None:
    if shard.started_at is None or shard.finished_at is None:
        return None
    begin = max(0.0, _since(report.started_at, shard.started_at))
    return Bar(shard, begin, max(begin, _since(report.started_at, shard.finished_at)), kind)


def _since(start: datetime, moment: datetime) -> float:
    return (moment - start).total_seconds()


def _svg(lanes: Sequence[Lane], end_s: float, red: Counter[str]) -> str:
    height = _TOP + _LANE * len(lanes) + _AXIS
    scale = (_WIDTH - _LEFT - 8) / end_s
    label = f"{many(len(lanes), 'lane')} over {seconds(end_s)}; the table below has the same"
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role=img aria-label="{html(label)}">',
        *_grid(end_s, scale, height),
    ]
    for number, lane in enumerate(lanes):
        parts.extend(_lane(number, lane, scale, red))
    return "".join([*parts, "</svg>"])


def _grid(end_s: float, scale: float, height: int) -> Iterator[str]:
    step = tick_step(end_s)
    at = 0.0
    while at <= end_s:
        x = _LEFT + at * scale
        yield f'<line class=grid x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _AXIS}"/>'
        text = f"{at:g} s" if step < _WHOLE else seconds(at)
        yield f'<text class=tick x="{x:.1f}" y="{height - 8}">{text}</text>'
        at = round(at + step, 6)


def tick_step(end_s: float) -> float:
    """Seconds between ticks: 1, 2 or 5 times a power of ten, at most nine ticks."""
    rough = end_s / _TICKS
    power = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def _lane(number: int, lane: Lane, scale: float, red: Counter[str]) -> Iterator[str]:
    y = _TOP + number * _LANE + (_LANE - _BAR) // 2
    yield f'<text class=lane x="0" y="{y + 13}">worker {number + 1}</text>'
    before = 0.0
    for bar in lane:
        if (bar.begin_s - before) * scale > _LEAST_WIDTH:
            yield _wait(before, bar.begin_s, y, scale)
        yield _rect(bar, y, scale, red[bar.shard.id])
        before = bar.end_s


def _wait(begin_s: float, end_s: float, y: int, scale: float) -> str:
    x, width = _LEFT + begin_s * scale, (end_s - begin_s) * scale
    return (
        f'<line class=wait x1="{x:.1f}" x2="{x + width:.1f}" y1="{y + _BAR / 2}" '
        f'y2="{y + _BAR / 2}"><title>waits {seconds(end_s - begin_s)}</title></line>'
    )


def _rect(bar: Bar, y: int, scale: float, red: int) -> str:
    x = _LEFT + bar.begin_s * scale
    width = max(_LEAST_WIDTH, (bar.end_s - bar.begin_s) * scale)
    shard = bar.shard
    again = f", {shard.attempts} processes" if shard.attempts > 1 and bar.kind != "rerun" else ""
    told = (
        f"{shard.id}: {many(len(shard.units), 'file')}, {seconds(bar.end_s - bar.begin_s)}, "
        f"{shard.status.value}{again}, {many(red, 'failure')}, {shard.host}"
    )
    state = " bad" if red or shard.status.value != "finished" else ""
    mark = f" \N{MULTIPLICATION SIGN}{shard.attempts}" if again else ""
    label = (
        f'<text class=shard x="{x + 5:.1f}" y="{y + 13}">{html(shard.id + mark)}</text>'
        if width >= _LABEL_FROM
        else ""
    )
    return (
        f'<g class="bar {bar.kind}{state}"><title>{html(told)}</title>'
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2"/>{label}</g>'
    )


def _legend(lanes: Sequence[Lane]) -> str:
    kinds = {bar.kind for lane in lanes for bar in lane}
    names = {
        "first": "shard",
        "again": "repeats what was lost",
        "rerun": "runs failed tests again",
        "wait": "waits",
        "bad": "with failures",
    }
    shown = [name for name in names if name in kinds or name in ("wait", "bad")]
    keys = "".join(f'<li><i class="key {name}"></i>{names[name]}</li>' for name in shown)
    return f"<figcaption><ul class=legend>{keys}</ul></figcaption>"


def _table(report: RunReport, red: Counter[str]) -> str:
    rows = "".join(
        f"<tr><td>{html(shard.id)}</td><td>{html(shard.host or 'nobody knows')}</td>"
        f"<td>{html(shard.profile)}</td><td class=num>{len(shard.units)}</td>"
        f"<td>{_moment(report, shard.started_at)}</td><td>{_moment(report, shard.finished_at)}</td>"
        f"<td class=num>{shard.attempts}</td><td class=num>{red[shard.id]}</td>"
        f"<td>{shard.status.value}</td></tr>"
        for shard in (*report.shards, *report.reruns)[:_TABLE]
    )
    heads = ("shard", "host", "profile", "files", "from", "until", "processes", "failures", "end")
    return (
        "<details><summary>The same as a table</summary><div class=scroll><table><thead><tr>"
        + "".join(f"<th scope=col>{head}</th>" for head in heads)
        + f"</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _moment(report: RunReport, moment: datetime | None) -> str:
    return seconds(max(0.0, _since(report.started_at, moment))) if moment else "never"


_TABLE: Final = 1_000
_WHOLE: Final = 60
