"""Every way in which Testfleet fails, with the exit code that it ends with.

    TestfleetError
    ├── UsageError          2   wrong option, path or configuration: the user can mend it
    ├── IncompleteError     3   something was lost or never ran
    ├── FleetError          3   the fleet could not be reached, started or deployed
    └── NothingToRunError   5   no tests

A message says what failed, what was received, what is allowed, and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class TestfleetError(Exception):
    """Base of all. `str(error)` is fit for a user; `hint` is the next step, when there is one."""

    __test__ = False
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(TestfleetError):
    """The command, a path or a configuration file is wrong."""

    exit_code = 2


class IncompleteError(TestfleetError):
    """The run ended without a result for everything that was planned."""

    exit_code = 3


class FleetError(TestfleetError):
    """The fleet itself is unwell."""

    exit_code = 3


class NothingToRunError(TestfleetError):
    """No test was found."""

    exit_code = 5
