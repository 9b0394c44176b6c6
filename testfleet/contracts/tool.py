"""What testfleet.toml says of the tool behind a suite, as far as a worker has to know it."""

from __future__ import annotations

from typing import Literal

from testfleet.contracts.base import Contract

FrameworkName = Literal["pytest", "vitest", "jest", "playwright", "tsc", "eslint", "command"]
"""Words for `framework` of a suite."""


class ToolOptions(Contract):
    """Settings of a suite that only some frameworks read."""

    command: tuple[str, ...] = ()
    """`command`: program and arguments. `{units}` alone is replaced by the test files, relative to
    the suite's root; `{unit}` by one of them; `{results}` by a path for the JUnit file."""
    one: tuple[str, ...] = ()
    """`command`: the same for one test, with `{test}` and `{file}`. Default: its whole file runs
    again."""
    results: tuple[str, ...] = ()
    """`command`: globs of the JUnit files that it writes, relative to the suite's root."""
    project: str = ""
    """`tsc`: the tsconfig, relative to the suite's root."""

    @property
    def runs_each(self) -> bool:
        """Whether the command takes one test file, and so runs once for each."""
        return any("{unit}" in word for word in self.command)

    @property
    def takes_files(self) -> bool:
        """Whether the command is told which test files to run."""
        return self.runs_each or "{units}" in self.command
