"""What one line of a log is: trouble, a warning, a test that passed, a consequence, or nothing."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from functools import cache, lru_cache
from itertools import accumulate
from typing import Final

_MOST_HITS: Final = 3_000
"""Of one sign. A log that says `error` more often says nothing by it."""

_READ: Final = 400
"""Characters of a line that say what it is."""

_SIGNS: Final = (
    *("error", "exception", "fail", "fatal", "panic", "traceback", "assert", "expect"),
    *("cannot ", "can't ", "could not", "couldn't", "unable to", "denied", "refused", "timed out"),
    *("timeout", "not found", "no such", "kill", "invalid", "undefined", "unexpected", "warning"),
    *("act(", "● ", "✕", "✗", "×", "✖", "❯", "err!", "exit code", "exited with"),  # noqa: RUF001
    *("segmentation", "core dumped", "undeclared"),
    *("out of memory", "no space", "in use", "abort", "unresolved", "missing", "lost ", "already"),
    *("unhealthy", "hydrat", "hook", "snapshot", "received", "mismatch", " race", "resolved to"),
    *("exit status", "not ok", "retry", "elifecycle", "passed,", " passing"),
    *("unauthorized", "forbidden", "conflict", "is not ", "does not ", "did not ", "must "),
    *("deadlock", "locked", "closed", "torn down", "evicted", "econn", "\ne  ", "unknown "),
    *("exceeded", "too many", "not a ", "no module", "no matching", "crash", "shutdown signal"),
)


def _any(*alternatives: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), flags)


_PASSED = _any(
    r"^\s*(?:[✓✔√☑]|PASS(?:ED)?\b|ok\s+\d|ok  ?\t?\S+\s+[\d(]|--- PASS|\[\s+OK)",
    r"^\s*(?:\[  PASSED|-- PASS)",
    r"\b(?:PASSED|XFAIL|XPASS)\b(?:\s+\([^)]{0,80}\))?(?:\s+\[\s*\d+%\])?\s*$",
    r"^\S+ SKIPPED \(|^\s*[\w./-]+ [.sx]+ +\[ *\d+%\]$|, Failures: 0, Errors: 0",
    r"\.\.\. ok\s*$",
    r"^\s*(?:=+ )?\d+ passed(?:,| in|;)(?!.*(?:failed|error))",
    r"^OK(?: \(|$)",
)
_CONSEQUENCE = _any(
    r"process(?: completed| exited)? with (?:exit )?code",
    r"exited with (?:exit )?(?:code|error)",
    r"exit(?:ed with)? (?:code|status):? [1-9]\d{0,2}\W*$",
    r"command failed with exit code|error command failed",
    r"returned (?:a )?non-?zero",
    r"a complete log of this run",
    r"^(?:error: )?job failed:|returned with error code|^error: script returned",
    r"npm (?:err!|error) (?:code (?:elifecycle|\d+$)|errno|exit |failed at the)",
    r"npm (?:err!|error) (?:test failed|this is)",
    r"npm (?:err!|error) (?:lifecycle|command |path |workspace |in workspace|a complete)",
    r"elifecycle|^lerna err! |^\s*error  .{0,200}run failed",
    r"^g?make(?:\[\d+\])?: \*\*\*",
    r"^build failed|^failure: build failed|\] build failure",
    r"^\s*(?:tests|test suites|test files|snapshots|suites):?\s+\d+ (?:failed|skipped|passed)",
    r"^=+ .{0,200}\d+ (?:failed|passed|error).{0,200} in [\d.]+s|^\d+ (?:failed|passed), ",
    r"^failed \((?:failures|errors)|^fail$|^exit status \d|^finished: failure",
    r"^\s*\d+ (?:failing|passing|pending)\b|^\d+ examples?, \d+ failures?|^ran all test suites",
    r"^info visit https|^error: bash exited|^> task :\S+ failed|^fail\t\S+(?:\t| \[)",
    r"^\[error\] (?:re-run maven|to see the full|for more info|after correcting|-> \[help)",
    flags=re.IGNORECASE,
)
_RECOVERED = _any(
    r"(?<!timed out )(?<!\band )(?<!\bor )\bretry(?:ing)?\b|\bretried\b",
    r"will try again|\btrying again\b",
    r"attempts? #?\d+ ?(?:/|of) ?\d+|\battempt #?\d+",
    r"\bexpected (?:error|failure|exception)\b| \(expected\)|(?<!<)\[expected\]|\bas expected",
    r"\bignor(?:ed|ing)\b|non-?fatal|\bskipping\b|allowed to fail|allow_failure",
    r"\bfall(?:ing|s)? ?back\b|\bsimulat|\bintentional|\bhandled\b|(?<!\[)\brecovered\b|gracefully",
    r"^(?:re)?connected\b|\bhttp\S+ \d+ ok\b|^\d+ ok$",
    r"(?<!not )\b(?:is|now) ready\b|ready to accept|ready in \d",
    r"available after|accepting connections|old ones used instead|^waiting for |, waiting\b",
    r"quarantined|\bknown issue\b|\bsucceeded\b|continuing\b|continue-on-error",
    flags=re.IGNORECASE,
)
_BENIGN = _any(
    r"\bskipped\b|\boptional dependency\b|successfully|(?:failures?|errors?): 0\b|found 0 ",
    r"\b(?:0|no) (?:errors?|failed|failures?|failing|issues|vulnerabilities)\b",
    r"\bdeprecat|no longer supported|\bnotice\b|\busing default",
    r"cache (?:not found|miss)|not found in cache|if-no-files-found|fail-?fast|set -e",
    flags=re.IGNORECASE,
)
_WARNING = _any(
    r"^\W{0,3}(?:\[?warn(?:ing)?\b\]?|npm warn|\(node:\d+\)|w:)",
    r"\bwarn(?:ing)?(?:[: \])>|]|$)|level=(?:warn|info|debug)|warning\b.{0,200}\[-w",
    r"^\s*(?:\[?(?:info|debug|notice|trace|verbose)\]?[: |]|npm (?:info|notice|verb|http))",
    r"(?:deprecation|future|user|runtime|resource|experimental)warning",
    r"(?:pending|insecure)\w{0,20}warning",
    flags=re.IGNORECASE,
)
_HARD = _any(
    r"^\s*[\w.$/]{0,80}(?:Error|Exception|Failure)\b[^=]{0,40}(?::|$|\[|\()",
    r"^\s*(?:E  |FAIL|ERROR|FATAL|Fatal|fatal:|error\b|panic:|Traceback|Error\b|● |--- FAIL)",
    r"^\s*(?:[✕✗×✖❯] |npm (?:ERR!|error)|Caused by|Uncaught|Unhandled|Killed|thread ')",  # noqa: RUF001
    r"^Exception in|: error\b|\berror TS\d|: fatal error|panicked at",
    r"\b(?:FAILED|FATAL|ERROR)\b",
)


_NUMBER = re.compile(r"[1-9]\d*")
_TELLING_EXIT = re.compile(
    r"(?:code|status):? (?:13[479]|143|126)\b|signal: |exited (?:with )?(?:13[479]|143)\b"
)
_WORD = re.compile(r"\w+")


class Kind(Enum):
    """What a line is."""

    HARD = auto()
    """It has the form in which tools report an error."""
    SOFT = auto()
    """It has a word of trouble in it."""
    WARNING = auto()
    RECOVERED = auto()
    """Trouble that was expected, retried or ignored."""
    BENIGN = auto()
    """Words of trouble that tell of none."""
    PASSED = auto()
    CONSEQUENCE = auto()
    """It says that something failed before."""


_KINDS: Final = (
    (Kind.PASSED, _PASSED),
    (Kind.CONSEQUENCE, _CONSEQUENCE),
    (Kind.RECOVERED, _RECOVERED),
    (Kind.BENIGN, _BENIGN),
    (Kind.WARNING, _WARNING),
    (Kind.HARD, _HARD),
)


def kind_of(line: str) -> Kind | None:
    """What a line is; None if it speaks neither of trouble nor of its absence."""
    if _TELLING_EXIT.search(line):
        return Kind.HARD
    # Of a thousand lines most say the same with other numbers.
    return _kind_of_shape(_NUMBER.sub("7", line[:_READ]))


@lru_cache(maxsize=16_384)
def _kind_of_shape(line: str) -> Kind | None:
    for kind, pattern in _KINDS:
        if pattern.search(line):
            return kind
    return None


def suspicious(lines: Sequence[str], telling: Mapping[str, Sequence[str]]) -> list[int]:
    """Indices of the lines that carry a sign or a telling text, in order.

    The texts are in lower case and stand under a word of theirs.
    """
    text = "\n".join(lines).lower()
    if len(text) != sum(map(len, lines)) + max(0, len(lines) - 1):
        # A few letters get longer in lower case; offsets must stay those of the lines.
        text = "\n".join(line.lower()[: len(line)].ljust(len(line)) for line in lines)
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found: set[int] = set()
    words = telling.keys() & set(_WORD.findall(text))
    texts = {each for word in words for each in telling[word] if not _has_sign(each)}
    for sign in (*_SIGNS, *texts):
        found |= _lines_with(sign, text, starts)
    return sorted(found)


@cache
def _has_sign(text: str) -> bool:
    return any(sign in text for sign in _SIGNS)


def _lines_with(sign: str, text: str, starts: Sequence[int]) -> set[int]:
    found: set[int] = set()
    at = text.find(sign)
    while at >= 0 and len(found) < _MOST_HITS:
        line = bisect_right(starts, at + sign.startswith("\n")) - 1
        found.add(line)
        at = text.find(sign, starts[line + 1] - 1)
    return found
