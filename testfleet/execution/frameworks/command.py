"""`command`: anything that writes JUnit XML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from testfleet.contracts.result import Outcome
from testfleet.execution.frameworks.framework import (
    MESSAGE_LIMIT,
    Event,
    Exit,
    Job,
    Launch,
    Reading,
    result,
)
from testfleet.execution.frameworks.junit_case import JunitCase
from testfleet.execution.frameworks.result_files import read_results, remember_files, results_path

_FAILING: Final = (Outcome.FAILED, Outcome.ERROR)
_SPECIAL: Final = re.compile(r"[.*+?^${}()|\[\]\\/-]")
_NUMBER: Final = re.compile(r" #\d+$")
PROBLEMS_SHOWN: Final = 20
SILENT_SHOWN: Final = 5


class CommandAdapter:
    """Runs the suite's own command and reads the files that it leaves."""

    name = "command"
    is_live = False
    collects_rest = False
    one_at_a_time = False

    def launch(self, job: Job) -> Launch:
        """The command with its placeholders filled in."""
        remember_files(job)
        words = job.options.one if job.only and job.options.one else job.options.command
        return Launch(tuple(_filled([*words, *job.args], job)))

    def read(self, job: Job, exit_: Exit) -> Reading:
        """The tests of all files; and what the exit status says that they do not."""
        found, files = read_results(job)
        owners = Owners(job)
        events = tuple(_events(job, found.cases, owners))
        if not exit_.is_own:
            return Reading(is_whole=False, events=events)
        if not files:
            wanted = ", ".join(job.options.results) or "the file {results}"
            problem = f"wrote no results to {wanted} (exit status {exit_.status})"
            return Reading(is_whole=False, problem=problem, is_certain=True)
        problems = found.problems
        if exit_.status and not any(case.outcome in _FAILING for case in found.cases):
            problems = [*problems, f"exit status {exit_.status} though no test failed"]
        shown = "\n".join(problems[:PROBLEMS_SHOWN])
        text = f"{shown}\n\nEnd of the output:\n{exit_.output}" if problems else ""
        first = problems[0][:MESSAGE_LIMIT] if problems else ""
        notes = tuple(owners.notes())
        return Reading(is_whole=True, events=events, problem=first, text=text, notes=notes)


def _filled(words: Iterable[str], job: Job) -> Iterator[str]:
    files = [job.inside(unit) for unit in job.units]
    name = _NUMBER.sub("", job.only or "").rpartition(" > ")[2]
    values = {
        "{results}": str(results_path(job)),
        "{unit}": files[0] if files else "",
        "{file}": files[0] if files else "",
        "{test}": name,
        "{pattern}": _SPECIAL.sub(r"\\\g<0>", name),
    }
    for word in words:
        if word == "{units}":
            yield from files
            continue
        yield _filled_in(word, values)


def _filled_in(word: str, values: dict[str, str]) -> str:
    # In one go: what a placeholder stands for may look like another.
    return re.sub(r"\{[a-z]+\}", lambda found: values.get(found[0], found[0]), word)


def _events(job: Job, cases: Iterable[JunitCase], owners: Owners) -> Iterator[Event]:
    """A result for each test. Behind its file, where there are files: others, in other shards, may
    have tests of the same name. Tests of one name are numbered, so that none is lost."""
    seen: Counter[str] = Counter()
    for case in cases:
        unit = owners.unit_of(case)
        own = case.id.replace(f"{job.tree}/", "")
        name = f"{job.inside(unit)} > {own}" if job.options.takes_files else own
        seen[name] += 1
        test = f"{name} #{seen[name]}" if seen[name] > 1 else name
        yield result(
            unit,
            test,
            case.outcome,
            duration=case.seconds,
            message=case.message,
            longrepr=case.text,
            attempts=case.attempts,
        )


class Owners:
    """Which of a job's units a test belongs to, from what its report says."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._units = frozenset(job.units)
        self._by_class = _classes(job.units)
        self._found: set[str] = set()
        self._guessed = 0

    def unit_of(self, case: JunitCase) -> str:
        """The unit; the first one where nothing tells."""
        unit = self._told(case)
        self._guessed += not unit
        unit = unit or (self._job.units[0] if self._job.units else "")
        self._found.add(unit)
        return unit

    def notes(self) -> Iterator[str]:
        """What a person should know of the tests, now that all are known."""
        silent = [unit for unit in self._job.units if unit not in self._found]
        if self._guessed:
            yield (
                "results do not tell which files all tests belong to: such tests stand below the"
                " first file of their shard. With `{unit}` in `command` each file runs by itself"
            )
        elif silent and not self._job.only:
            shown = ", ".join(silent[:SILENT_SHOWN])
            more = f" and {len(silent) - SILENT_SHOWN} more" if len(silent) > SILENT_SHOWN else ""
            yield f"no test was reported of {shown}{more}"

    def _told(self, case: JunitCase) -> str:
        if len(self._job.units) == 1:
            return self._job.units[0]
        if case.file and self._job.unit_of(case.file) in self._units:
            return self._job.unit_of(case.file)
        for name in (case.classname, *reversed(case.suites)):
            if name and self._job.unit_of(name) in self._units:
                return self._job.unit_of(name)
            parts = re.split(r"[.:/\\$]+", name)
            for end in range(len(parts), 0, -1):
                unit = self._by_class.get(tuple(parts[:end]))
                if unit:
                    return unit
        return ""


def _classes(units: Iterable[str]) -> dict[tuple[str, ...], str]:
    """Units by the last parts of their path, as classes of Java and modules of Python are called.
    What would fit several units fits none."""
    found: dict[tuple[str, ...], str] = {}
    several: set[tuple[str, ...]] = set()
    for unit in units:
        path = PurePosixPath(unit)
        parts = (*path.parent.parts, path.stem)
        for begin in range(len(parts)):
            name = parts[begin:]
            several |= {name} if name in found else set()
            found[name] = unit
    return {name: unit for name, unit in found.items() if name not in several}
