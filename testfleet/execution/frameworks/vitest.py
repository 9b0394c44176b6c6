"""Vitest, versions 1 to 5, as the worker runs it."""

from __future__ import annotations

from testfleet.execution.frameworks.framework import Exit, Job, Launch, Reading
from testfleet.execution.frameworks.node_tool import (
    REPORTERS,
    gives,
    installed_tool,
    name_pattern,
    names_in,
    read_end,
    variables,
    without,
)

_SEPARATOR = " > "
_NO_FILES = "No test files found, exiting"
_UNHANDLED = "unhandled error"


class VitestAdapter:
    """`vitest run` with a reporter of ours beside the default one."""

    name = "vitest"
    is_live = True
    collects_rest = True
    one_at_a_time = False

    def launch(self, job: Job) -> Launch:
        """The command line. Raises EnvironmentUnusableError."""
        tool = installed_tool(job, "vitest", "vitest", (1,))
        argv = (tool, "run", *_args(job), *_options(job), *_only(job), *_files(job))
        return Launch(argv, variables(job))

    def read(self, job: Job, exit_: Exit) -> Reading:
        """What the reporter has left."""
        # Vitest 1 and 2 tell their reporters nothing then.
        if exit_.is_own and _NO_FILES in exit_.output:
            return Reading(is_whole=True)
        return read_end(job, exit_, self.name)


def _args(job: Job) -> list[str]:
    """The user's. A test that runs again has a pattern of its own."""
    return without(job.args, "-t", "--testNamePattern") if job.only else list(job.args)


def _options(job: Job) -> list[str]:
    options = [f"--reporter={REPORTERS / 'vitest_reporter.mjs'}"]
    if not gives(job.args, "--reporter"):
        options.append("--reporter=default")
    if not gives(job.args, "--coverage"):
        options.append("--coverage.enabled=false")
    # A worker has the cores of one process, and one file at a time tells which one killed it.
    if not gives(job.args, "--fileParallelism", "--file-parallelism", "--maxWorkers"):
        options.append("--no-file-parallelism")
    is_hasty = job.fail_fast and not gives(job.args, "--bail")
    return [*options, *(["--bail=1"] if is_hasty else [])]


def _only(job: Job) -> list[str]:
    names = names_in(job, _SEPARATOR) if job.only else None
    if names is None or names.startswith(_UNHANDLED):
        return []
    # Vitest 1 has a space in front. What follows one is a test in a suite whose hook had failed.
    return ["--testNamePattern", f"^ ?{name_pattern(names, _SEPARATOR)}(?: |$)"]


def _files(job: Job) -> list[str]:
    """Absolute, since Vitest takes them for parts of paths. The reporter sees to it that no other
    file runs that begins alike."""
    return [] if job.excluded is not None else [str(job.tree / unit) for unit in job.units]
