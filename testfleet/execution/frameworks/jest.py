"""Jest, versions 27 to 30, as the worker runs it."""

from __future__ import annotations

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
    without,
)


class JestAdapter:
    """`jest` with a filter and a reporter of ours, beside the default one."""

    name = "jest"
    is_live = True
    collects_rest = True
    one_at_a_time = False

    def launch(self, job: Job) -> Launch:
        """The command line. Raises EnvironmentUnusableError."""
        tool = installed_tool(job, "jest", "jest", (27,))
        return Launch((tool, *_args(job), *_options(job), *_only(job)), variables(job))

    def read(self, job: Job, exit_: Exit) -> Reading:
        """What the reporter has left."""
        return read_end(job, exit_, self.name)


def _args(job: Job) -> list[str]:
    """The user's. A test that runs again has a pattern of its own."""
    return without(job.args, "-t", "--testNamePattern") if job.only else list(job.args)


def _options(job: Job) -> list[str]:
    options = [
        f"--filter={REPORTERS / 'jest_filter.cjs'}",
        f"--reporters={REPORTERS / 'jest_reporter.cjs'}",
        "--ci",
        "--passWithNoTests",
        "--watchman=false",
        "--watchAll=false",
    ]
    if not gives(job.args, "--reporters"):
        options.append("--reporters=default")
    if not gives(job.args, "--coverage", "--collectCoverage"):
        options.append("--coverage=false")
    # A worker has the cores of one process, and one file at a time tells which one killed it.
    if not gives(job.args, "--runInBand", "-i", "--maxWorkers", "-w"):
        options.append("--maxWorkers=1")
    is_hasty = job.fail_fast and not gives(job.args, "--bail", "-b")
    return [*options, *(["--bail=1"] if is_hasty else [])]


def _only(job: Job) -> list[str]:
    names = names_in(job, ANGLE) if job.only else None
    return [f"--testNamePattern=^{name_pattern(names, ANGLE)}$"] if names else []
