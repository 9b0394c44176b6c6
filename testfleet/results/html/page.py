"""The report as one self-contained HTML page: it loads nothing, and works from a file.

A content security policy allows its own style and script, by their hashes, and nothing else: should
a hostile name find a way into the markup all the same, it runs no script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from testfleet.contracts.report import RunReport, TestReport
from testfleet.contracts.result import Outcome
from testfleet.results.html.problems import problems
from testfleet.results.html.text import clip, html, many, plain, script_json, seconds
from testfleet.results.html.timeline import timeline

MAX_MESSAGE: Final = 1_000
MAX_EXPLANATION: Final = 20_000
MAX_EXPLANATIONS: Final = 12_000_000
"""Characters of all explanations together. A page that a browser cannot open helps nobody."""
_OUTCOMES: Final = tuple(Outcome)
_CUT: Final = "\n… cut; the JSON report has all of it"


def html_page(report: RunReport) -> bytes:
    """The page in UTF-8."""
    style, script = _asset("style.css"), _asset("script.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
    head = (
        '<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content="width'
        '=device-width, initial-scale=1"><meta http-equiv=Content-Security-Policy content="'
        f"{policy}base-uri 'none'; form-action 'none'\"><meta name=color-scheme content="
        f'"light dark"><title>{html(_title(report))}</title><style>{style}</style></head>'
    )
    body = "".join(_body(report))
    data = f'<script type="application/json" id=data>{script_json(_data(report))}</script>'
    page = f"{head}<body>{body}{data}<script>{script}</script></body></html>\n"
    return page.encode("utf-8", "replace")


def _title(report: RunReport) -> str:
    return f"{report.status.value} · {report.repository} · run {report.run_id}"


def _body(report: RunReport) -> Iterator[str]:
    yield '<a class=skip href="#tests">To the tests</a>'
    yield f"<header>{_header(report)}</header><main>"
    if report.clusters:
        flaky = f" ({report.totals.flaky:,} flaky)" if report.totals.flaky else ""
        behind = f"{many(len(report.failures), 'failure')}{flaky}"
        title = f"{many(len(report.clusters), 'problem')} behind {behind}"
        yield f"<section aria-label=Problems><h2>{title}</h2>{problems(report)}</section>"
    yield from _told("Errors", [error.message for error in report.errors])
    leaks = [f"{leak.kind.value}: {leak.text}" for leak in report.leaks]
    yield from _told("Left behind by tests", leaks)
    yield from _told("Notes", list(report.notes))
    figure = timeline(report)
    if figure:
        yield f"<section aria-label=Timeline><h2>Timeline</h2>{figure}</section>"
    yield _TESTS
    yield "</main>"
    yield f"<footer>Testfleet report {html(report.schema_version)} · {html(report.run_id)}</footer>"


def _header(report: RunReport) -> str:
    commit = f" · commit <code>{html(report.commit[:12])}</code>" if report.commit else ""
    figures = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _key(report))
    return (
        f'<p class="status {report.status.value}">{report.status.value}</p>'
        f"<h1>{html(report.repository)} <span>{html(report.suite)}</span></h1>"
        f"<p class=dim>run {html(report.run_id)}{commit} · {report.started_at:%Y-%m-%d %H:%M} UTC"
        f" · {html(report.mode)}</p><button type=button id=theme>Light or dark</button>"
        f"{_outcomes(report)}<dl class=figures>{figures}</dl>"
    )


def _key(report: RunReport) -> Iterator[tuple[str, str]]:
    yield "tests", f"{len(report.tests):,}"
    yield "wall time", seconds(report.wall_s)
    yield "tests' own time", seconds(report.serial_s)
    if report.wall_s > 0 and report.serial_s > report.wall_s:
        yield "speed-up", f"{report.serial_s / report.wall_s:.1f} ×"  # noqa: RUF001
    yield "workers", f"{report.workers}"
    yield "at AWS list prices", f"${report.cost.usd:.4f}"


def _outcomes(report: RunReport) -> str:
    """A bar of the outcomes in proportion, each at least to be seen."""
    counts = {one: getattr(report.totals, one.value) for one in _OUTCOMES}
    total = sum(counts.values())
    if not total:
        return ""
    at, parts = 0.0, []
    wide = {one: max(count / total * 1000, 6) for one, count in counts.items() if count}
    scale = 1000 / sum(wide.values())
    for one, width in wide.items():
        parts.append(
            f'<rect class={one.value} x="{at:.1f}" y="0" width="{width * scale:.1f}" height="10">'
            f"<title>{counts[one]} {one.value}</title></rect>"
        )
        at += width * scale
    told = ", ".join(f"{count:,} {one.value}" for one, count in counts.items() if count)
    return (
        f'<svg class=outcomes viewBox="0 0 1000 10" preserveAspectRatio=none role=img aria-label="'
        f'{told}">{"".join(parts)}</svg><p class=counts>{told}</p>'
    )


def _told(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        items = "".join(f"<li>{html(clip(line, MAX_MESSAGE))}</li>" for line in lines[:100])
        yield f"<section aria-label={title}><h2>{title}</h2><ul class=told>{items}</ul></section>"


def _data(report: RunReport) -> dict[str, Any]:
    """The tests in few bytes: texts that repeat stand once."""
    shards = {test.shard: at for at, test in enumerate({t.shard: t for t in report.tests}.values())}
    clusters = {each.id: at for at, each in enumerate(report.clusters)}
    of_test = {each.test: clusters.get(each.cluster, -1) for each in report.failures}
    left = MAX_EXPLANATIONS
    rows = []
    for test in report.tests:
        explanation = _explanation(test, left)
        left -= len(explanation)
        rows.append(
            [
                clip(plain(test.id), MAX_MESSAGE),
                _OUTCOMES.index(test.outcome),
                round(test.duration_s, 4),
                shards[test.shard],
                test.attempts,
                of_test.get(test.id, -1),
                clip(plain(test.message), MAX_MESSAGE),
                explanation,
            ]
        )
    return {
        "outcomes": [one.value for one in _OUTCOMES],
        "shards": [plain(shard) for shard in shards],
        "clusters": [clip(plain(each.title), 120) for each in report.clusters],
        "tests": rows,
    }


def _explanation(test: TestReport, left: int) -> str:
    text = plain(test.longrepr)
    allowed = min(MAX_EXPLANATION, max(0, left))
    return text if len(text) <= allowed else text[:allowed] + _CUT


@cache
def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8").strip()


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


_TESTS: Final = """\
<section aria-label=Tests id=tests><h2>Tests</h2>
<noscript><p>The table needs JavaScript; the problems above do not.</p></noscript>
<div class=controls hidden>
<input type=search id=search placeholder="Search names and messages" aria-label="Search tests">
<div id=outcomes role=group aria-label="Outcomes"></div>
<select id=cluster aria-label="Problem"><option value="-1">All problems</option></select>
</div>
<p id=found class=dim role=status></p>
<div class=scroll><table id=table hidden><thead><tr>
<th scope=col><button type=button data-sort=1>outcome</button></th>
<th scope=col><button type=button data-sort=0>test</button></th>
<th scope=col class=num><button type=button data-sort=2>seconds</button></th>
<th scope=col class=num><button type=button data-sort=4>attempts</button></th>
<th scope=col><button type=button data-sort=3>shard</button></th>
</tr></thead><tbody></tbody></table></div>
<p><button type=button id=more hidden>Show more</button></p>
</section>"""
