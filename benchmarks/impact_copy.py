"""A suite in a folder of its own, which the impact benchmark breaks and mends."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.measure import run_timed
from benchmarks.outcomes import Recorded, read_reportlog
from benchmarks.suites import Suite
from testfleet import execution
from testfleet.contracts.run import Mode
from testfleet.planning.project import ResolvedSuite, load_project, resolve_suite
from testfleet.planning.source_tree import DirectoryTree
from testfleet.scm.working_tree import list_files

RECORDER = Path(execution.__file__).with_name("pytest_coverage.py")
DRIVER = Path(__file__).with_name("impact_recorder.py")
TIMED_OUT = 124
"""What coreutils' `timeout` ends with."""


@dataclass
class Copy:
    """A suite in a folder of its own, free to be broken."""

    suite: Suite
    root: Path
    tools: Path

    @cached_property
    def source(self) -> str:
        """Where the project's packages are, as the editable install has it."""
        return "src" if (self.root / "src").is_dir() else "."

    def pytest(self, *args: str | Path, testmon: Path | None = None) -> tuple[int, Path]:
        """Run pytest; its exit code and what it printed."""
        return self._run([self.suite.pytest, *args], testmon)

    def record(self, limit_s: float = 600.0) -> Recorded | None:
        """Outcomes and seconds of the whole suite; None when it does not end in time."""
        log = self.root.parent / "report.jsonl"
        log.unlink(missing_ok=True)
        code, _ = self._run(
            ["timeout", f"{limit_s:.0f}", self.suite.pytest, f"--report-log={log}", "--tb=no"], None
        )
        if code == TIMED_OUT:
            return None
        return read_reportlog(log) if log.exists() else Recorded({}, {}, code)

    def tree(self) -> DirectoryTree:
        """The copy as planning sees it."""
        return DirectoryTree(self.root, list_files(self.root))

    def chosen(self) -> ResolvedSuite:
        """Its usual suite."""
        return resolve_suite(load_project(self.tree()), None, Mode.FULL)

    def trace(self, unit: str) -> dict[str, Any]:
        """What a worker's recorder tells of a unit, alone in its process. Empty: nothing."""
        told = self.root.parent / "trace.json"
        told.unlink(missing_ok=True)
        python = self.suite.pytest.with_name("python")
        self._run([python, DRIVER, RECORDER, self.root, told, unit], None)
        return dict(json.loads(told.read_text())) if told.exists() else {}

    def _run(self, command: list[str | Path], testmon: Path | None) -> tuple[int, Path]:
        log = self.root.parent / "output.txt"
        cache = self.root.parent / "xdg"
        shutil.rmtree(cache, ignore_errors=True)
        env = {
            "PYTHONPATH": os.pathsep.join([str(self.root / self.source), str(self.tools)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            # parso keeps parsed grammars there, of a mutant too.
            "XDG_CACHE_HOME": str(cache),
        }
        if testmon is not None:
            env["TESTMON_DATAFILE"] = str(testmon)
        return run_timed(command, self.root, log, env).code, log
