"""pytest's command line, as far as it decides which files are collected.

Plugins add options that nobody here knows. Where a word could be the value of such an option, it
is taken for one: then too many files are planned, never too few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

_VALUED: Final = frozenset(
    """
    --assert --basetemp --capture --color --confcutdir --config-file --deselect --doctest-glob
    --doctest-report --durations --durations-min --ignore --ignore-glob --import-mode --junit-prefix
    --junit-xml --junitxml --lfnf --log-auto-indent --log-cli-date-format --log-cli-format
    --log-cli-level --log-date-format --log-disable --log-file --log-file-date-format
    --log-file-format --log-file-level --log-file-mode --log-format --log-level --max-warnings
    --maxfail --override-ini --pastebin --pdbcls --pythonwarnings --rootdir --show-capture --tb
    --verbosity
    --asyncio-mode --benchmark-min-rounds --count --cov-config --cov-fail-under --cov-report --dc
    --dist --ds --durations-path --group --html --hypothesis-profile --hypothesis-seed
    --json-report-file --max-worker-restart --maxprocesses --numprocesses --only-rerun
    --order-group-scope --order-marker-prefix --order-scope --order-scope-level
    --randomly-seed --report-log --reruns --reruns-delay --splits --timeout --timeout-method --tx
    """.split()  # noqa: SIM905 (a list of single words is what a reader can check)
)
"""Options with a value: pytest's own, then those of common plugins."""

KNOWN_FLAGS: Final = frozenset(
    """
    --cache-clear --co --collect-in-virtualenv --collect-only --collectonly
    --continue-on-collection-errors --disable-plugin-autoload --disable-pytest-warnings
    --disable-warnings --doctest-continue-on-failure --doctest-ignore-import-errors
    --doctest-modules --exitfirst --failed-first --ff --full-trace --keep-duplicates --last-failed
    --lf --new-first --nf --no-cov --no-header --no-showlocals --no-summary --noconftest --pdb
    --pyargs --quiet --runxfail --setup-only --setup-show --showlocals --stepwise --strict
    --strict-config --strict-markers --sw --trace --trace-config --verbose
    """.split()  # noqa: SIM905
)
"""Options without a value, so that the next word is a path."""

_SHORT_VALUED: Final = "kmpcoWrn"
_ALIASES: Final = {"-c": "--config-file", "-o": "--override-ini"}


@dataclass
class PytestArgs:
    """What matters of a command line."""

    positional: list[str] = field(default_factory=list)
    """Paths and node ids, as far as they exist."""
    values: dict[str, list[str]] = field(default_factory=dict)
    """Values by long option (or `-p`), in order."""
    flags: set[str] = field(default_factory=set)

    def last(self, option: str) -> str | None:
        """The value that counts when an option is given several times."""
        given = self.values.get(option)
        return given[-1] if given else None

    def overrides(self) -> dict[str, str]:
        """Settings given with `-o name=value`."""
        pairs = (item.partition("=") for item in self.values.get("--override-ini", ()))
        return {name: value for name, equals, value in pairs if equals}


def parse_args(words: Sequence[str], exists: Callable[[str], bool]) -> PytestArgs:
    """Read a command line. `exists` tells whether a word's path is in the tree."""
    parsed = PytestArgs()
    rest = iter(words)
    may_be_value = False
    for word in rest:
        if word == "--":
            _positional(parsed, rest, exists)
        elif word.startswith("--"):
            may_be_value = _long(parsed, word, rest)
        elif word.startswith("-") and len(word) > 1:
            _short(parsed, word, rest)
            may_be_value = False
        elif not may_be_value or _is_plainly_a_test(word):
            _positional(parsed, [word], exists)
            may_be_value = False
        else:
            may_be_value = False
    return parsed


def path_of(word: str) -> str:
    """The path in a node id."""
    return word.partition("::")[0]


def _positional(parsed: PytestArgs, words: Iterable[str], exists: Callable[[str], bool]) -> None:
    parsed.positional += [word for word in words if exists(path_of(word))]


def _is_plainly_a_test(word: str) -> bool:
    return "::" in word or word.endswith(".py")


def _long(parsed: PytestArgs, word: str, rest: Iterable[str]) -> bool:
    """Take a long option. True when the next word may be its value."""
    name, equals, value = word.partition("=")
    if equals:
        parsed.values.setdefault(name, []).append(value)
    elif name in _VALUED:
        parsed.values.setdefault(name, []).extend(_take(rest))
    else:
        parsed.flags.add(name)
        return name not in KNOWN_FLAGS
    return False


def _short(parsed: PytestArgs, word: str, rest: Iterable[str]) -> None:
    """Take `-k value`, `-kvalue`, or flags in one word like `-xvs`; the last may have a value."""
    for at, letter in enumerate(word[1:], start=1):
        if letter in _SHORT_VALUED:
            option = _ALIASES.get(f"-{letter}", f"-{letter}")
            value = [word[at + 1 :]] if word[at + 1 :] else _take(rest)
            parsed.values.setdefault(option, []).extend(value)
            return
        parsed.flags.add(f"-{letter}")


def _take(rest: Iterable[str]) -> list[str]:
    for value in rest:
        return [value]
    return []
