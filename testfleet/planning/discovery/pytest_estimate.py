"""How many tests a file may hold, by reading it as text: fast, and wrong by a little."""

from __future__ import annotations

import re
from typing import Final

_TEST: Final = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+test", re.MULTILINE)
_EXAMPLE: Final = re.compile(rb"^[ \t]*>>> ", re.MULTILINE)
_EXAMPLES_PER_DOCTEST: Final = 4


def count_tests(source: bytes) -> int:
    """Functions and methods named like tests. Parametrised ones count once."""
    return len(_TEST.findall(source))


def count_doctests(source: bytes) -> int:
    """Doctests, guessed from the number of examples."""
    return -(-len(_EXAMPLE.findall(source)) // _EXAMPLES_PER_DOCTEST)
