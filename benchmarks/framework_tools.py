"""Outcomes as tools report them when they run alone, read without any code of Testfleet."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

Outcomes = Counter[tuple[str, str]]
"""How often each test had each outcome. A name may be there twice: it is the tool's, not an id."""

_DIAGNOSTIC = re.compile(r"^(.+?)\(\d+,\d+\): error TS\d+", re.MULTILINE)
_NO_CLASS = ("", "test", "suite")


def read_junit(folder: Path, _: str) -> Outcomes:
    """The tests of own.xml. Its names are suites and test, or class and test."""
    root = ElementTree.parse(folder / "own.xml").getroot()
    # node:test calls a file without tests by its path, which differs from copy to copy.
    cases = ((name.replace(f"{folder}/", ""), outcome) for name, outcome in _cases(root, ()))
    return Counter(cases)


def _cases(element: ElementTree.Element, suites: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for child in element:
        if child.tag == "testcase":
            group = child.get("classname", "")
            path = suites if group in _NO_CLASS else (group,)
            name = " > ".join([*path, child.get("name", "")])
            yield name, _outcome(child)
        elif child.tag == "testsuite":
            yield from _cases(child, (*suites, child.get("name", "")))


def _outcome(case: ElementTree.Element) -> str:
    children = {child.tag: child.get("type") for child in case}
    if children.get("skipped") == "todo":
        return "skipped"
    words = {"failure": "failed", "error": "error", "skipped": "skipped"}
    return next((words[tag] for tag in words if tag in children), "passed")


def read_tsc(folder: Path, printed: str) -> Outcomes:
    """The files of the program, by `--listFilesOnly`; failed are those with diagnostics."""
    command = [folder / "node_modules/.bin/tsc", "-p", ".", "--listFilesOnly"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    files = [Path(line) for line in listed.splitlines() if "/node_modules/" not in line]
    failed = set(_DIAGNOSTIC.findall(printed))
    names = {file.relative_to(folder).as_posix() for file in files if not _is_types(file)} | failed
    return Counter((name, "failed" if name in failed else "passed") for name in names)


def _is_types(file: Path) -> bool:
    return file.name.endswith(".d.ts")


def read_scripts(folder: Path, _: str) -> Outcomes:
    """The tests of own.json as Vitest and Jest write it. A file that does not load is an error."""
    told = json.loads((folder / "own.json").read_text("utf-8"))
    found: Outcomes = Counter()
    for file in told["testResults"]:
        path = Path(file["name"]).relative_to(folder).as_posix()
        if file["status"] == "failed" and not file["assertionResults"]:
            found[path, "error"] += 1
        for test in file["assertionResults"]:
            names = [path, *filter(None, test["ancestorTitles"]), test["title"]]
            outcome = test["status"] if test["status"] in ("passed", "failed") else "skipped"
            found[" > ".join(names), outcome] += 1
    return found


def read_playwright(folder: Path, _: str) -> Outcomes:
    """The tests of own.json as Playwright Test writes it."""
    told = json.loads((folder / "own.json").read_text("utf-8"))
    base = Path(told["config"]["rootDir"]).relative_to(folder)
    return Counter(found for suite in told["suites"] for found in _specs(suite, base, ()))


def _specs(suite: dict[str, Any], base: Path, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """A file's suite bears the name of the file, which each spec has as well."""
    titles = above if suite["title"] == suite["file"] else (*above, suite["title"])
    for spec in suite.get("specs", ()):
        path = (base / spec["file"]).as_posix()
        for test in spec["tests"]:
            label = [f"[{test['projectName']}]"] if test["projectName"] else []
            names = [*label, path, *titles, spec["title"]]
            yield " > ".join(names), _PLAYWRIGHT[test["status"]]
    for inner in suite.get("suites", ()):
        yield from _specs(inner, base, titles)


_PLAYWRIGHT = {
    "expected": "passed",
    "unexpected": "failed",
    "flaky": "flaky",
    "skipped": "skipped",
}

READERS: dict[str, Callable[[Path, str], Outcomes]] = {
    "junit": read_junit,
    "tsc": read_tsc,
    "scripts": read_scripts,
    "playwright": read_playwright,
}
"""By the word `reads` of the table: from the folder and what the tool has printed to outcomes."""
WITH_FILES = frozenset({"scripts", "playwright"})
"""Readers whose names begin with the test's file."""
