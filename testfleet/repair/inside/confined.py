"""Runs a command that may write below some folders only: `-m ... FOLDER... -- COMMAND...`."""

from __future__ import annotations

import os
import resource
import sys

from testfleet.repair.inside.confinement import confine
from testfleet.repair.inside.limits import FILE_BYTES


def main() -> None:
    """Become the command, with limits that it cannot take off."""
    at = sys.argv.index("--")
    confine(sys.argv[1:at])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    most = FILE_BYTES if hard == resource.RLIM_INFINITY else min(FILE_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    command = sys.argv[at + 1 :]
    os.execvp(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main()
