"""One bug given to `testfleet fix`, and its patch judged by the independent set."""

from __future__ import annotations

import ast
import difflib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.repair_bugs.layouts import Case, Test
from benchmarks.repair_bugs.trial import outcomes

LIMIT_S = 20.0
"""For the independent set."""
GRACE_S = 30.0
"""Beyond its budget; after that the command is killed and counts as not fixed."""


@dataclass(frozen=True)
class Made:
    """A planted bug, read back."""

    folder: Path
    kind: str
    package: str
    test: Test
    right: str
    faulty: str
    cases: tuple[Case, ...]

    @property
    def program(self) -> str:
        """Its path in the project."""
        return f"{self.test.module}.py"

    @property
    def fault_lines(self) -> set[int]:
        """Lines of the faulty text that differ; for something missing, those on both sides."""
        return differing_lines(self.faulty, self.right)

    def is_right(self, text: str) -> bool:
        """Whether a program answers every case as the right one does."""
        arguments = [case.arguments for case in self.cases]
        answers = outcomes(self.test.harness, text, arguments, LIMIT_S)
        return not any(
            case.differs(answer) for case, answer in zip(self.cases, answers, strict=True)
        )


def differing_lines(faulty: str, right: str) -> set[int]:
    """Lines of the faulty text that differ; for something missing, those on both sides."""
    found: set[int] = set()
    matcher = difflib.SequenceMatcher(None, faulty.splitlines(), right.splitlines())
    for tag, first, last, _, _ in matcher.get_opcodes():
        if tag != "equal":
            found |= set(range(first + 1, last + 1)) or {first, first + 1}
    return found


def read_bug(folder: Path) -> Made:
    """A folder that `build` wrote."""
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    program = meta["program"]
    cases = json.loads((folder / "independent.json").read_text("utf-8"))
    return Made(
        folder=folder,
        kind=meta["kind"],
        package=meta["package"],
        test=Test(program.removesuffix(".py"), tuple(meta["names"]), meta["call"]),
        right=(folder / "right.py").read_text("utf-8"),
        faulty=(folder / "project" / program).read_text("utf-8"),
        cases=tuple(Case(*case) for case in cases),
    )


@dataclass
class Record:
    """What became of one bug."""

    bug: str
    kind: str
    package: str
    status: str
    correct: bool = False
    suggested_correct: bool = False
    """One of the suggestions is right."""
    exact: bool = False
    """The same program as the right one, apart from its layout."""
    template: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    rank: int = 0
    """Of the first faulty line in the localisation, from 1; 0 when it is not there."""
    tried: int = 0
    reason: str = ""
    consensus: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> str:
        """A line."""
        return json.dumps(asdict(self))


def fix(bug: Made, budget_s: float, *, engine: str = "rewrite") -> Record:
    """Runs `testfleet fix` on a copy of the bug, on one core."""
    with tempfile.TemporaryDirectory(prefix="repair-") as scratch:
        project = Path(scratch) / "project"
        shutil.copytree(bug.folder / "project", project)
        began, before = time.monotonic(), _children_cpu_s()
        report = command(project, budget_s, engine)
        record = Record(
            bug=bug.folder.name,
            kind=bug.kind,
            package=bug.package,
            status=str(report.get("status", "crashed")),
            wall_s=round(time.monotonic() - began, 2),
            cpu_s=round(_children_cpu_s() - before, 2),
        )
        _judge(record, bug, report, (project / bug.program).read_text("utf-8"))
    return record


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def command(project: Path, budget_s: float, engine: str, *, cores: int = 1) -> dict[str, Any]:
    """What `testfleet fix --apply --json` answers, on so many cores of the machine."""
    chosen = ",".join(map(str, sorted(os.sched_getaffinity(0))[:cores]))
    testfleet = Path(sys.executable).with_name("testfleet")
    arguments = [str(testfleet), "fix", str(project), "--json"]
    options = ["--engine", engine, "--budget", f"{budget_s:g}", "--apply", "--force"]
    try:
        done = subprocess.run(
            ["taskset", "-c", chosen, *arguments, *options],
            capture_output=True,
            text=True,
            check=False,
            timeout=budget_s + GRACE_S,
            env={**os.environ, "TESTFLEET_HOME": str(project.parent / "home")},
        )
    except subprocess.TimeoutExpired:
        return {"status": "hung"}
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"status": "crashed", "reason": (done.stderr or done.stdout)[-2000:]}
    return found


def _judge(record: Record, bug: Made, report: dict[str, Any], text: str) -> None:
    record.template = report.get("template", "")
    record.reason = report.get("reason", "")
    record.consensus = report.get("consensus", 0.0)
    record.tried = report.get("candidates", {}).get("tried", 0)
    record.rank = rank_of(bug, report.get("localisation", ()))
    record.details = {
        "candidates": report.get("candidates"),
        "time_s": report.get("time_s"),
        "patch": report.get("patch", ""),
        "concerns": report.get("concerns", []),
    }
    if record.status == "fixed":
        record.correct = bug.is_right(text)
        record.exact = _same(text, bug.right)
    else:
        texts = [patched(bug.faulty, one["patch"]) for one in report.get("suggestions", ())]
        record.suggested_correct = any(bug.is_right(one) for one in texts if one)


def rank_of(bug: Made, lines: Sequence[dict[str, Any]]) -> int:
    """Place of the first faulty line, from 1; 0 when it is not there."""
    wanted = bug.fault_lines
    for place, line in enumerate(lines, 1):
        if line["path"] == bug.program and line["line"] in wanted:
            return place
    return 0


def patched(text: str, patch: str) -> str:
    """A text with a unified diff of one file applied; empty when it does not fit."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "program.py"
        path.write_text(text, "utf-8")
        done = subprocess.run(
            ["patch", "-s", str(path)], input=patch, text=True, capture_output=True, check=False
        )
        return path.read_text("utf-8") if done.returncode == 0 else ""


def _same(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:
        return False
