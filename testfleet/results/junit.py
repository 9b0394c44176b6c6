"""The merged JUnit XML: one testsuite a file, names as pytest's own junitxml gives them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.contracts.report import RunReport, TestReport
from testfleet.contracts.result import Outcome

_FORBIDDEN: Final = re.compile(
    "[^\t\n\u0020-\u007e\u0080-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""What XML 1.0 has no way to write, DEL, and the lone carriage return, which parsers turn into a
line feed."""

_SCRIPTS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_JOINTS = (" > ", " \u203a ")
"""Between a file and the names in it, as Vitest, and as Jest and Playwright Test have it."""
_PROBLEMS: Final = {
    Outcome.FAILED: ("failure", "failed"),
    Outcome.ERROR: ("error", "error"),
    Outcome.LOST: ("error", "lost"),
    Outcome.SKIPPED: ("skipped", "pytest.skip"),
    # Maven Surefire's element for a test that failed first and passed later: known to CI servers.
    Outcome.FLAKY: ("flakyFailure", "flaky"),
}


def junit_xml(report: RunReport) -> bytes:
    """The report as a JUnit file in UTF-8. What is in quarantine is skipped there: nothing in the
    format says failed and yet harmless, and a CI server stops for each failure."""
    entries = {each.test: each.quarantine for each in report.failures if each.quarantine}
    cases = [_Case(test, entries.get(test.id)) for test in report.tests]
    root = ET.Element("testsuites", {"name": "testfleet", **_counts(cases)})
    files: dict[str, list[_Case]] = {}
    for case in cases:
        files.setdefault(case.test.file, []).append(case)
    for file, inside in files.items():
        suite = ET.SubElement(root, "testsuite", {"name": printable(file), **_counts(inside)})
        suite.set("timestamp", report.started_at.isoformat())
        suite.extend(case.as_element() for case in inside)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def printable(text: str) -> str:
    """Text that survives XML: forbidden characters become `#x1B`, as pytest writes them."""
    return _FORBIDDEN.sub(_escape, text.replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"#x{code:02X}" if code <= 0xFF else f"#x{code:04X}"  # noqa: PLR2004


@dataclass(frozen=True)
class _Case:
    """A test and, if it does not block, the entry of testfleet.toml that says so."""

    test: TestReport
    quarantine: QuarantineConfig | None

    @property
    def outcome(self) -> Outcome:
        """What a CI server is to see."""
        is_harmless = self.quarantine and self.test.outcome in (Outcome.FAILED, Outcome.ERROR)
        return Outcome.SKIPPED if is_harmless else self.test.outcome

    def as_element(self) -> ET.Element:
        """The `testcase`."""
        classname, name = _tool_address(self.test) or _address(self.test.id)
        case = ET.Element(
            "testcase",
            classname=printable(classname),
            name=printable(name),
            time=f"{self.test.duration_s:.3f}",
        )
        if self.outcome in _PROBLEMS:
            tag, kind, message = self._problem()
            problem = ET.SubElement(case, tag, type=kind, message=printable(message))
            problem.text = printable(self.test.longrepr) or None
        return case

    def _problem(self) -> tuple[str, str, str]:
        tag, kind = _PROBLEMS[self.outcome]
        entry = self.quarantine
        if entry is None or self.outcome is self.test.outcome:
            return tag, kind, self.test.message
        told = f"in quarantine until {entry.until}, owner {entry.owner}: {self.test.message}"
        return tag, "quarantined", told


def _tool_address(test: TestReport) -> tuple[str, str] | None:
    """The file as class name where another tool than pytest has joined names to it."""
    if test.id == test.file and test.file.endswith(_SCRIPTS):
        return "", test.file
    before, found, names = test.id.partition(test.file)
    mark = next((mark for mark in _JOINTS if names.startswith(mark)), None)
    if not found or mark is None:
        return None
    return f"{before}{found}", names.removeprefix(mark)


def _address(test_id: str) -> tuple[str, str]:
    """Class name and name of a node id, as `mangle_test_address` in `_pytest/junitxml.py`."""
    path, colons, names = test_id.partition("::")
    dotted = path.replace("/", ".").removesuffix(".py")
    if not colons:
        return "", dotted
    base, bracket, parameters = names.partition("[")
    *classes, name = base.split("::")
    return ".".join([dotted, *classes]), name + bracket + parameters


def _counts(cases: Sequence[_Case]) -> dict[str, str]:
    outcomes = Counter(case.outcome for case in cases)
    return {
        "tests": str(len(cases)),
        "failures": str(outcomes[Outcome.FAILED]),
        "errors": str(outcomes[Outcome.ERROR] + outcomes[Outcome.LOST]),
        "skipped": str(outcomes[Outcome.SKIPPED]),
        "time": f"{sum(case.test.duration_s for case in cases):.3f}",
    }
