"""A proved fix as a pull request: what it says, how it is labelled, who is asked to look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.pull_request import ChangedFile, PullRequestDraft
from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.errors import UsageError
from testfleet.mask import mask
from testfleet.repair.branch import branch_name, commit_message
from testfleet.scm.code_host import CodeHost
from testfleet.scm.codeowners import owners_of

MOST_REVIEWERS: Final = 5
_TITLE_LENGTH: Final = 100
_TESTS_SHOWN: Final = 20
_LINES_SHOWN: Final = 5
_HUNK: Final = re.compile(r"^@@ -(\d+)(?:,\d+)? \+")
_FILE: Final = "--- a/"


@dataclass(frozen=True)
class Occasion:
    """What has led to the fix."""

    title: str = ""
    """Of the cluster of failures."""
    cause: str = ""
    """In plain sentences."""
    run_id: str = ""
    base: str | None = None
    """Commit that was tested."""


def draft_pull_request(
    report: FixReport,
    files: Mapping[str, tuple[bytes, bytes]],
    occasion: Occasion,
    host: CodeHost | None,
) -> PullRequestDraft:
    """What the code host is asked for. Raises UsageError for anything but a proved fix."""
    if report.status is not FixStatus.FIXED or not files:
        raise UsageError(
            f"no pull request: the repair is {report.status.value}, not fixed",
            hint="suggestions are shown, and somebody has to choose",
        )
    what = occasion.title or f"{len(report.tests)} failing tests"
    return PullRequestDraft(
        branch=branch_name(report),
        base=occasion.base,
        title=mask(f"Fix {', '.join(report.files)}: {what}")[:_TITLE_LENGTH],
        message=mask(_with_run(commit_message(report), occasion)),
        body=mask(_body(report, occasion)),
        labels=("testfleet", "auto-generated-fix", f"engine:{report.engine}"),
        reviewers=_reviewers(report, host) if host is not None else (),
        files=tuple(ChangedFile.of(path, both) for path, both in files.items()),
    )


def changed_lines(patch: str) -> dict[str, list[int]]:
    """Lines of the old files that a unified diff takes out, or inserts something after."""
    found: dict[str, list[int]] = {}
    lines: list[int] = []
    at = 0
    for text in patch.split("\n"):
        hunk = _HUNK.match(text)
        if text.startswith(_FILE):
            lines = found.setdefault(text.removeprefix(_FILE).split("\t")[0], [])
        elif hunk:
            at = int(hunk[1])
        elif text.startswith("-"):
            lines.append(at)
            at += 1
        elif text.startswith("+") and not text.startswith("+++ "):
            lines.append(max(1, at - 1))
        elif text.startswith(" "):
            at += 1
    return {path: sorted(set(numbers)) for path, numbers in found.items()}


def _reviewers(report: FixReport, host: CodeHost) -> tuple[str, ...]:
    """Owners by CODEOWNERS, then who wrote the lines."""
    prefix = host.prefix
    owners = owners_of([f"{prefix}{path}" for path in report.files], host.read)
    names = dict.fromkeys(owners)
    for path, lines in changed_lines(report.patch).items():
        names |= dict.fromkeys(host.authors(path, lines))
    return tuple(names)[:MOST_REVIEWERS]


def _with_run(message: str, occasion: Occasion) -> str:
    return f"{message}Run: {occasion.run_id}\n" if occasion.run_id else message


def _body(report: FixReport, occasion: Occasion) -> str:
    return "\n".join(_sections(report, occasion)) + "\n"


def _sections(report: FixReport, occasion: Occasion) -> Iterator[str]:
    counts = report.candidates
    yield "## Cause\n"
    yield f"{occasion.cause or occasion.title or 'Tests failed.'}\n"
    yield "## Evidence\n"
    yield from _bullets([f"`{test}` failed" for test in report.tests], _TESTS_SHOWN)
    places = [line for line in report.localisation if line.path in report.files]
    yield from _bullets(
        [f"`{line.path}:{line.line}`: {'; '.join(line.reasons)}" for line in places], _LINES_SHOWN
    )
    yield "\n## Proof\n"
    yield from _bullets(
        [
            f"{counts.tried} candidates were tried, {counts.validated} turn the tests green and"
            " break nothing",
            f"{report.consensus:.0%} of the vote is for what this patch does",
            "the whole suite ran once on this branch: nothing fails that passed before",
        ],
        _LINES_SHOWN,
    )
    if report.concerns:
        yield "\n## Concerns\n"
        yield from _bullets(report.concerns, _LINES_SHOWN)
    if occasion.run_id:
        yield f"\nRun `{occasion.run_id}`: `testfleet report {occasion.run_id}`"
    yield f"\nFound by `testfleet`, engine `{report.engine}`, change `{report.template}`."


def _bullets(texts: Sequence[str], most: int) -> Iterator[str]:
    yield from (f"- {text}" for text in texts[:most])
    if len(texts) > most:
        yield f"- and {len(texts) - most} more"
