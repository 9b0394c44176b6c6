"""Playwright Test (Node), from version 1.30 on, as the worker runs it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import Final

from testfleet.execution.frameworks.framework import Exit, Job, Launch, Reading
from testfleet.execution.frameworks.node_tool import (
    ANGLE,
    REPORTERS,
    gives,
    installed_tool,
    name_pattern,
    names_in,
    read_end,
    variables,
)

CHROMIUM: Final = "PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH"
"""Set to a Chromium of the machine for configurations that ask for it; Playwright itself does not
read it."""
_VALUED: Final = (
    frozenset({"-c", "--config", "-g", "--grep", "-gv", "--grep-invert", "--project", "-j"})
    | frozenset({"--reporter", "--retries", "--workers", "--timeout", "--repeat-each", "--shard"})
    | frozenset({"--output", "--tsconfig", "--max-failures", "--global-timeout", "--trace"})
)
"""Options that take the next word."""
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_PROJECT: Final = re.compile(rf"^\[(.+?)\]{ANGLE}")


class PlaywrightAdapter:
    """`playwright test` with a reporter of ours beside the list."""

    name = "playwright"
    is_live = True
    collects_rest = True
    one_at_a_time = False

    def launch(self, job: Job) -> Launch:
        """The command line. Raises EnvironmentUnusableError."""
        tool = installed_tool(job, "playwright", "@playwright/test", (1, 30))
        argv = (tool, "test", *_args(job), *_options(job), *_only(job), *_files(job))
        return Launch(argv, {**variables(job), **_browser(job)})

    def read(self, job: Job, exit_: Exit) -> Reading:
        """What the reporter has left."""
        return read_end(job, exit_, self.name)


def _args(job: Job) -> Iterator[str]:
    """The user's, but for names of files where the shard names its own: Playwright runs whatever
    one of them fits, and the plan has chosen by the user's already."""
    is_value = False
    for word in job.args:
        if job.excluded is not None or is_value or word.startswith("-"):
            yield word
        is_value = word in _VALUED


def _options(job: Job) -> list[str]:
    reporter = REPORTERS / "playwright_reporter.cjs"
    options = [f"--reporter={reporter},list", "--pass-with-no-tests"]
    # A worker has the cores of one process, and one test at a time tells which one killed it.
    if not gives(job.args, "--workers", "-j"):
        options.append("--workers=1")
    is_hasty = job.fail_fast and not gives(job.args, "--max-failures", "-x")
    return [*options, *(["--max-failures=1"] if is_hasty else [])]


def _only(job: Job) -> list[str]:
    names = names_in(job, ANGLE) if job.only else None
    if not names:
        return []
    # What is searched is project, file and titles, then tags. In slashes it counts as it stands.
    options = [f"--grep=/ {name_pattern(names, ANGLE)}(?: @|$)/"]
    project = _PROJECT.match(job.only or "")
    if project and not gives(job.args, "--project"):
        options.append(f"--project={project[1]}")
    return options


def _files(job: Job) -> list[str]:
    """Exactly these files, or all but the excluded ones: what is in slashes is an expression."""
    if job.excluded is None:
        return [f"/^{_path(job, unit)}$/" for unit in job.units]
    left_out = "|".join(_path(job, unit) for unit in job.excluded)
    return [f"/^(?!(?:{left_out})$)/"] if left_out else []


def _path(job: Job, unit: str) -> str:
    return re.escape(str(job.tree.resolve() / unit)).replace("/", r"\/")


def _browser(job: Job) -> dict[str, str]:
    path = job.environment.get("PATH", os.defpath)
    found = next(filter(None, (shutil.which(name, path=path) for name in _BROWSERS)), None)
    return {CHROMIUM: found} if found and CHROMIUM not in job.environment else {}
