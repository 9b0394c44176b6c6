"""Whole suites: which tests pass, and which fail when a file is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.repair_bugs.packages import CACHE

LONGEST_SUITE_S = 100.0


class Runner:
    """Runs a project's tests in a copy of its tree, which it leaves as it was."""

    def __init__(self, python: Path, tree: Path) -> None:
        self.tree, self._python = tree, python.absolute()
        self.passing: set[str] = set()
        self._copy = CACHE / f"mining-{os.getpid()}"

    def measure(self) -> bool:
        """Whether the suite is quick and mostly passes."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self.tree, self._copy, symlinks=True)
        outcome = self.run(LONGEST_SUITE_S)
        self.passing = {test for test, passed in outcome.items() if passed}
        return len(self.passing) >= 20 and len(self.passing) > 0.7 * len(outcome)

    def failing(self, changed: str, faulty: str) -> set[str]:
        """Tests that pass, but not when a file is changed."""
        path = self._copy / changed
        text = path.read_text("utf-8")
        path.write_text(faulty, "utf-8")
        outcome = self.run(LONGEST_SUITE_S)
        path.write_text(text, "utf-8")
        return {test for test in self.passing if not outcome.get(test, False)}

    def run(self, limit_s: float) -> dict[str, bool]:
        """Each test and whether it passed; nothing when it takes too long."""
        report = self._copy / "mining.xml"
        report.unlink(missing_ok=True)
        roots = [self._copy, self._copy / "src", self._copy / "lib"]
        command = [
            str(self._python),
            "-B",
            "-m",
            "pytest",
            "-q",
            "-x",
            "--maxfail=40",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            f"--junitxml={report}",
        ]
        if not self._is_configured():
            (self._copy / "pytest.ini").write_text("[pytest]\n", "utf-8")
        try:
            subprocess.run(
                ["nice", "-n", "10", *command],
                cwd=self._copy,
                timeout=limit_s,
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                env={
                    "PATH": "/usr/bin:/bin",
                    "HOME": str(CACHE),
                    "PYTHONPATH": ":".join(map(str, roots)),
                },
            )
            cases = ElementTree.parse(report).iter("testcase")
        except (subprocess.TimeoutExpired, OSError, ElementTree.ParseError):
            return {}
        return {
            f"{c.get('classname')}::{c.get('name')}": not [*c.iter("failure"), *c.iter("error")]
            for c in cases
            if not [*c.iter("skipped")]
        }

    def _is_configured(self) -> bool:
        """Whether pytest finds settings there; otherwise it would climb out of the copy."""
        marks = {
            "pytest.ini": "[pytest]",
            "tox.ini": "[pytest]",
            "setup.cfg": "[tool:pytest]",
            "pyproject.toml": "[tool.pytest",
        }
        paths = ((self._copy / name, mark) for name, mark in marks.items())
        return any(path.is_file() and mark in path.read_text("utf-8") for path, mark in paths)
