"""The files that a command has written its results to, and no others that lay there before."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from testfleet.execution.frameworks.framework import Job
from testfleet.execution.frameworks.junit_read import JunitReading, read_junit

MOST_FILES: Final = 20_000
_MEMO: Final = "before.json"
_PASSED_OVER: Final = frozenset({"node_modules", ".git", ".hg", ".venv", "venv"})


def results_path(job: Job) -> Path:
    """What `{results}` stands for. A tool may make it a file or a folder."""
    return job.scratch / "results.xml"


def remember_files(job: Job) -> None:
    """Note what is there before the command runs: it must not be taken for its results."""
    before = {str(path): _mark(path) for path in _matching(job)}
    (job.scratch / _MEMO).write_text(json.dumps(before), encoding="ascii")


def read_results(job: Job) -> tuple[JunitReading, int]:
    """What the files hold that were written since, one after the other; and how many these are."""
    whole, count = JunitReading(), 0
    try:
        before = json.loads((job.scratch / _MEMO).read_bytes())
        before = before if isinstance(before, dict) else {}
    except (OSError, ValueError, RecursionError):  # a test was there: nothing can be told apart
        whole.problems.append("what lay there before the command ran is not known any more")
        return whole, 0
    for path in _written(job, before):
        count += 1
        reading = read_junit(path)
        whole.cases += reading.cases
        whole.problems += [f"{_shown(job, path)}: {problem}" for problem in reading.problems]
    return whole, count


def _written(job: Job, before: dict[str, object]) -> Iterator[Path]:
    named = results_path(job)
    if named.is_dir():
        yield from sorted(path for path in named.rglob("*.xml") if path.is_file())
    elif named.is_file():
        yield named
    for path in _matching(job):
        if before.get(str(path)) != _mark(path):
            yield path


def _matching(job: Job) -> list[Path]:
    """Files of the suite's folder that a glob fits, sorted."""
    globs = [compile_glob(pattern) for pattern in job.options.results]
    if not globs:
        return []
    found = []
    for folder, folders, names in os.walk(job.cwd):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER)
        for name in names:
            path = Path(folder, name)
            inside = path.relative_to(job.cwd).as_posix()
            if any(glob.fullmatch(inside) for glob in globs) and path.is_file():
                found.append(path)
        if len(found) > MOST_FILES:
            break
    return sorted(found)


def _mark(path: Path) -> list[int]:
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_mtime_ns, status.st_size, status.st_ino]


def _shown(job: Job, path: Path) -> str:
    is_inside = path.is_relative_to(job.cwd)
    return path.relative_to(job.cwd).as_posix() if is_inside else path.name


def compile_glob(pattern: str) -> re.Pattern[str]:
    """The glob as an expression for a whole path: `*` within a name, `**` any number of folders."""
    return re.compile("".join(_expressions(pattern.removeprefix("./"))))


def _expressions(pattern: str) -> Iterable[str]:
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            yield "(?:[^/]+/)*"
            at += 3
        elif pattern.startswith("**", at):
            yield ".*"
            at += 2
        else:
            yield {"*": "[^/]*", "?": "[^/]"}.get(pattern[at], re.escape(pattern[at]))
            at += 1
