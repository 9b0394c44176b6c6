"""What the failures tell: which families of templates are likelier, which names were missed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.repair.engine import FailingTest

_MEANT: Final = re.compile(r"Did you mean:? '([\w.]{1,80})'")
_NO_NAME: Final = re.compile(r"name '(\w{1,80})' is not defined")
_NO_ATTRIBUTE: Final = re.compile(r"has no attribute '(\w{1,80})'")
_UNBOUND: Final = re.compile(r"local variable '(\w{1,80})'")
_NO_MODULE: Final = re.compile(r"No module named '([\w.]{1,80})'")
_NO_IMPORT: Final = re.compile(r"cannot import name '(\w{1,80})'")
_LITERAL: Final = re.compile(r"(?<![\w.])-?\d{1,9}(?:\.\d{1,9})?(?![\w.])")
_HANGS: Final = re.compile(r"time.?out|timed out|deadline|hang", re.IGNORECASE)
READ_CHARACTERS: Final = 20_000

_BY_EXCEPTION: Final[Mapping[str, Mapping[str, float]]] = {
    "NameError": {"names": 6, "imports": 8, "attributes": 4, "strings": 2},
    "UnboundLocalError": {"initial": 8, "scopes": 8, "names": 3, "movement": 2},
    "AttributeError": {"attributes": 5, "methods": 5, "api": 6, "names": 2, "objects": 3},
    "IndexError": {"off_by_one": 2, "bounds": 2.5, "guards": 2.5, "conditions": 2.5},
    "KeyError": {"keys": 6, "guards": 2, "names": 1.5, "constants": 1.5},
    "ZeroDivisionError": {"guards": 4, "conditions": 2},
    "RecursionError": {"guards": 3, "arguments": 3, "bounds": 2, "conditions": 2, "updates": 2},
    "StopIteration": {"exceptions": 3, "guards": 3},
    "ValueError": {"guards": 1.5, "exceptions": 1.5, "conversions": 1.5},
    "ImportError": {"imports": 9, "api": 9},
    "ModuleNotFoundError": {"imports": 9, "api": 9},
    "RuntimeError": {"copies": 3, "exceptions": 1.5},
    "UnicodeDecodeError": {"conversions": 3, "strings": 2},
    "SyntaxError": {"syntax": 9},
}
_BY_MESSAGE: Final[Sequence[tuple[str, Mapping[str, float]]]] = (
    ("NoneType", {"returns": 4, "guards": 3, "conditions": 2.5, "calls": 1.5, "initial": 2}),
    ("positional argument", {"arguments": 6, "objects": 3}),
    ("keyword argument", {"arguments": 6}),
    ("can only concatenate", {"conversions": 6, "strings": 3}),
    ("unsupported operand", {"conversions": 4, "operators": 1.5, "returns": 1.5}),
    ("must be str", {"conversions": 5}),
    ("not supported between", {"conversions": 3, "guards": 2}),
    ("is not subscriptable", {"calls": 3, "names": 2.5, "returns": 2, "slices": 2}),
    ("is not iterable", {"calls": 4, "conversions": 3, "names": 2, "returns": 2, "loops": 2}),
    ("has no len()", {"calls": 3, "names": 2, "conversions": 2}),
    ("is not callable", {"calls": 4, "names": 2}),
    ("is not an iterator", {"calls": 4}),
    ("unhashable", {"conversions": 5}),
    ("changed size during", {"copies": 6}),
    ("integer", {"conversions": 2}),
    ("unpack", {"returns": 2, "slices": 1.5, "order": 2}),
    ("generator", {"returns": 3, "yields": 5, "calls": 2}),
    ("coroutine", {"awaits": 9}),
    ("was never awaited", {"awaits": 9}),
    ("DID NOT RAISE", {"guards": 4, "exceptions": 4, "conditions": 2}),
)
_HANG: Final = {
    "off_by_one": 3.0,
    "loops": 3.0,
    "updates": 4.0,
    "conditions": 2.0,
    "guards": 1.5,
    "bounds": 1.5,
}


@dataclass(frozen=True)
class Hints:
    """What to try sooner."""

    boosts: Mapping[str, float] = field(default_factory=dict)
    """Factor on the prior of a family of templates."""
    meant: frozenset[str] = frozenset()
    """Names that the interpreter suggested."""
    missing: frozenset[str] = frozenset()
    """Names, attributes and modules that do not exist."""
    numbers: tuple[str, ...] = ()
    """Numbers of the failures' messages: a patch that compares with one is suspect."""
    raised: frozenset[str] = frozenset()
    """Names of the exceptions that the tests ended with."""
    hangs: bool = False


def read_hints(tests: Sequence[FailingTest]) -> Hints:
    """What the failing tests tell. Bounded in the length of their messages."""
    boosts: dict[str, float] = {}
    texts = [f"{test.message}\n{test.longrepr}"[:READ_CHARACTERS] for test in tests]
    for test, text in zip(tests, texts, strict=True):
        _raise_to(boosts, _BY_EXCEPTION.get(test.exception.rpartition(".")[2], {}))
        for words, factors in _BY_MESSAGE:
            if words in test.message:
                _raise_to(boosts, factors)
        if _is_hang(test, text):
            _raise_to(boosts, _HANG)
    found = "\n".join(texts)
    missing = {
        word
        for pattern in (_NO_NAME, _NO_ATTRIBUTE, _UNBOUND, _NO_MODULE, _NO_IMPORT)
        for word in pattern.findall(found)
    }
    return Hints(
        boosts=boosts,
        meant=frozenset(_MEANT.findall(found)),
        missing=frozenset(missing),
        raised=frozenset(test.exception.rpartition(".")[2] for test in tests),
        numbers=tuple(dict.fromkeys(_LITERAL.findall(found)))[:50],
        hangs=any(_is_hang(test, text) for test, text in zip(tests, texts, strict=True)),
    )


def _is_hang(test: FailingTest, text: str) -> bool:
    return "imeout" in test.exception or bool(_HANGS.search(text[:2_000]))


def _raise_to(boosts: dict[str, float], factors: Mapping[str, float]) -> None:
    for family, factor in factors.items():
        boosts[family] = max(boosts.get(family, 1.0), factor)
