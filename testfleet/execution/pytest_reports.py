"""What pytest's reports amount to: one outcome a test, a message of one line, a bounded text.

Runs in the project's interpreter: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Send = Callable[..., None]

LONGREPR_LIMIT = 64 * 1024
SECTION_LIMIT = 16 * 1024
MESSAGE_LIMIT = 1000


class Ledger:
    """Tests whose reports are coming in. Nothing is kept of a test once its result is sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._units: dict[str, str] = {}
        self._records: dict[str, Record] = {}

    def expect(self, nodeid: str, unit: str) -> None:
        """Remember which file a test belongs to."""
        self._units[nodeid] = unit

    def unit_of(self, nodeid: str) -> str:
        """The file of an expected test."""
        return self._units.get(nodeid, "")

    def add(self, report: Any) -> None:
        """Take in one report of a test."""
        self._records.setdefault(str(report.nodeid), Record()).add(report)

    def close(self, nodeids: Iterable[str] | None = None) -> None:
        """Send the results of these tests, or of all that are open."""
        for nodeid in list(self._records) if nodeids is None else nodeids:
            record = self._records.pop(nodeid, None)
            if record is not None:
                self._send_result(nodeid, self.unit_of(nodeid), record)

    def drop(self) -> None:
        """Forget the tests that are open: pytest breaks off, they have no result."""
        self._records.clear()

    def close_collector(self, report: Any, unit: str) -> None:
        """Send what became of a file, folder or class that yields no tests."""
        record = Record()
        if report.failed:
            record.fail(report, "error")
        elif report.skipped:
            record.skip(report)
        # The root folder of a tree collected by pytest 7 has no name of its own.
        self._send_result(report.nodeid or ".", unit, record)

    def _send_result(self, nodeid: str, unit: str, record: Record) -> None:
        self._send(
            "result",
            id=nodeid,
            unit=unit,
            outcome=record.outcome,
            duration=record.duration,
            message=record.message,
            longrepr=record.longrepr,
            attempts=record.attempts,
        )


class Record:
    """What the reports of one test amount to."""

    def __init__(self) -> None:
        self.duration = 0.0
        self.attempts = 1
        self.forget()

    def forget(self) -> None:
        """Drop the outcome so far: a plugin runs the test again."""
        self._seen = {"passed"}
        self.message = ""
        self._texts: list[str] = []

    @property
    def outcome(self) -> str:
        """The gravest of what was seen, as pytest's summary counts it."""
        return next(o for o in ("failed", "error", "skipped", "passed") if o in self._seen)

    @property
    def longrepr(self) -> str:
        """All that pytest shows of the failures."""
        return cut("\n\n".join(self._texts), LONGREPR_LIMIT)

    def add(self, report: Any) -> None:
        """Take in the report of a phase or a subtest."""
        is_subtest = type(report).__name__.lower() == "subtestreport"
        if not is_subtest:  # the time of a subtest is part of its test's
            self.duration += max(0.0, report.duration)
        if report.outcome == "rerun":
            self.attempts += 1
            self.forget()
        elif report.failed:
            self.fail(report, "failed" if report.when == "call" else "error")
        elif report.skipped and not is_subtest:
            self.skip(report)

    def skip(self, report: Any) -> None:
        """Note that a phase was skipped, and why."""
        self._seen.add("skipped")
        self.message = self.message or reason_of(report)

    def fail(self, report: Any, outcome: str) -> None:
        """Note that a phase failed, and how it looked."""
        self._seen.add(outcome)
        if not self._texts:
            self.message = headline_of(report)
            self._texts.append(shown(report) + sections_of(report))
        else:
            self._texts.append(shown(report))


def headline_of(report: Any) -> str:
    """One line that says why a report failed."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return first_line(str(crash.message))
    lines = [line for line in shown(report).splitlines() if line.strip()]
    errors = [line[1:].strip() for line in lines if line.startswith("E ")]
    return first_line((errors or lines or [""])[-1])


def reason_of(report: Any) -> str:
    """Why a report was skipped or is an expected failure."""
    if hasattr(report, "wasxfail"):
        return first_line(f"xfail: {report.wasxfail}".rstrip(": "))
    longrepr = report.longrepr
    return first_line(str(longrepr[2] if isinstance(longrepr, tuple) else longrepr))


def shown(report: Any) -> str:
    """The failure as pytest prints it."""
    return str(report.longrepr) if report.longrepr else ""


def sections_of(report: Any) -> str:
    """What the test wrote, as pytest prints it below the failure."""
    parts = [
        f"\n{f' {name} ':-^80}\n{cut(text, SECTION_LIMIT)}"
        for name, text in report.sections
        if name.startswith("Captured")
    ]
    return "".join(parts)


def first_line(text: str) -> str:
    """The first line, not longer than a message may be."""
    return text.strip().split("\n", 1)[0][:MESSAGE_LIMIT]


def cut(text: str, limit: int) -> str:
    """The text with its middle taken out when it is longer than the limit."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[-half:]}"
