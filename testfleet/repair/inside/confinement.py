"""Writing only where it does no harm: Landlock, where the kernel has it (Linux 5.13 and newer).

A changed line may delete or overwrite files anywhere that the user may. Reading stays free: tests
read their interpreter, its packages, the machine's settings.
"""

from __future__ import annotations

import ctypes
import os
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on all architectures but alpha."""
PATH_BENEATH = 1
VERSION = 1
"""Flag: tell the version, make no rules."""
PR_SET_NO_NEW_PRIVS = 38
WRITES = 0b1_1111_1111_0010
"""Write a file; remove a folder or a file; make anything. As of version 1."""
REFER, TRUNCATE = 1 << 13, 1 << 14
"""Move to another folder, since version 2; cut off a file, since version 3."""
SINCE_REFER, SINCE_TRUNCATE = 2, 3


class _Rules(ctypes.Structure):
    _fields_ = (("handled", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version_here() -> int:
    """Landlock's version in this kernel; below 1 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.syscall(CREATE_RULESET, None, 0, VERSION))


def confine(folders: list[str]) -> bool:
    """Let this process and its children write below these folders only; whether that works here."""
    version = version_here()
    if version < 1:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    writes = WRITES | (REFER if version >= SINCE_REFER else 0)
    writes |= TRUNCATE if version >= SINCE_TRUNCATE else 0
    rules = _Rules(writes)
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    if ruleset < 0:
        return False
    for folder in folders:
        _allow(libc, ruleset, folder, writes)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    held = libc.syscall(RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(held)


def _allow(libc: ctypes.CDLL, ruleset: int, folder: str, writes: int) -> None:
    try:
        parent = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rule = _Beneath(writes, parent)
    libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(parent)
