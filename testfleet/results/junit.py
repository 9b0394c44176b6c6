"""The merged JUnit XML: one testsuite a file, names as pytest's own junitxml gives them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from testfleet.contracts.report import RunReport, TestReport
from testfleet.contracts.result import Outcome

_FORBIDDEN: Final = re.compile(
    "[^\t\n\u0020-\u007e\u0080-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""What XML 1.0 has no way to write, DEL, and the lone carriage return, which parsers turn into a
line feed."""

_PROBLEMS: Final = {
    Outcome.FAILED: ("failure", "failed"),
    Outcome.ERROR: ("error", "error"),
    Outcome.LOST: ("error", "lost"),
    Outcome.SKIPPED: ("skipped", "pytest.skip"),
    # Maven Surefire's element for a test that failed first and passed later: known to CI servers.
    Outcome.FLAKY: ("flakyFailure", "flaky"),
}


def junit_xml(report: RunReport) -> bytes:
    """The report as a JUnit file in UTF-8."""
    root = ET.Element("testsuites", {"name": "testfleet", **_counts(report.tests)})
    files: dict[str, list[TestReport]] = {}
    for test in report.tests:
        files.setdefault(test.file, []).append(test)
    for file, tests in files.items():
        suite = ET.SubElement(root, "testsuite", {"name": printable(file), **_counts(tests)})
        suite.set("timestamp", report.started_at.isoformat())
        suite.extend(_case(test) for test in tests)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def printable(text: str) -> str:
    """Text that survives XML: forbidden characters become `#x1B`, as pytest writes them."""
    return _FORBIDDEN.sub(_escape, text.replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"#x{code:02X}" if code <= 0xFF else f"#x{code:04X}"  # noqa: PLR2004


def _case(test: TestReport) -> ET.Element:
    classname, name = _address(test.id)
    case = ET.Element(
        "testcase",
        classname=printable(classname),
        name=printable(name),
        time=f"{test.duration_s:.3f}",
    )
    if test.outcome in _PROBLEMS:
        tag, kind = _PROBLEMS[test.outcome]
        problem = ET.SubElement(case, tag, type=kind, message=printable(test.message))
        problem.text = printable(test.longrepr) or None
    return case


def _address(test_id: str) -> tuple[str, str]:
    """Class name and name of a node id, as `mangle_test_address` in `_pytest/junitxml.py`."""
    path, colons, names = test_id.partition("::")
    dotted = path.replace("/", ".").removesuffix(".py")
    if not colons:
        return "", dotted
    base, bracket, parameters = names.partition("[")
    *classes, name = base.split("::")
    return ".".join([dotted, *classes]), name + bracket + parameters


def _counts(tests: Sequence[TestReport]) -> dict[str, str]:
    outcomes = Counter(test.outcome for test in tests)
    return {
        "tests": str(len(tests)),
        "failures": str(outcomes[Outcome.FAILED]),
        "errors": str(outcomes[Outcome.ERROR] + outcomes[Outcome.LOST]),
        "skipped": str(outcomes[Outcome.SKIPPED]),
        "time": f"{_total_s(tests):.3f}",
    }


def _total_s(tests: Iterable[TestReport]) -> float:
    return sum(test.duration_s for test in tests)
