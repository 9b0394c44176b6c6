"""Lines of a log as a person reads them: without time stamps, colours and the runner's prefixes.

Input is untrusted: any bytes, any length. Patterns have no nested repetition, long lines are cut,
and of a huge log only its ends and what lies around a signal are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MAX_LINE: Final = 2_000
"""Characters of a line that are read. A bundle on one line is no message."""
WHOLE_BELOW: Final = 1_500_000
"""Characters up to which all of a log is read; of a longer one, windows are."""
_HEAD: Final = 50_000
_TAIL: Final = 500_000
_WINDOW: Final = 1_200
_WINDOWS: Final = 400
SIGNALS: Final = (
    "Error:",
    "Error [",
    "error TS",
    "ERROR",
    "Exception",
    "FAIL",
    "Traceback",
    "panic",
    "fatal",
    "error[E",
    "error:",
    "ERR!",
    "✕",
    "●",
    "refused",
    "timed out",
    "Killed",
)
"""What to look for in the middle of a huge log."""

_ANSI = re.compile(
    "\x1b(?:\\[[0-9;:?]{0,40}[ -/]{0,4}[@-~]|\\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\\\)|[@-_])"
    r"|\[(?:0|[1-9]|2[1-9]|[349][0-7]|39|49|10[0-7])(?:;\d{1,3}){0,5}m"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029]")
_STAMP = r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[ ]?[+-]\d\d:?\d\d|[ ]UTC)?"
_PREFIX = re.compile(
    r"^(?:"
    rf"(?:[^\t\n]{{1,80}}\t[^\t\n]{{1,80}}\t)?\ufeff?{_STAMP}(?:[ ]\d\d[OE][+ ]?|[ \t])?"
    rf"|\[{_STAMP}\][ ]?"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?[ ]"
    r"|section_(?:start|end):\d+:[\w.-]{1,80}(?:\[[^\]\n]{0,80}\])?"
    r"|travis_(?:fold|time):[\w.:=,-]{1,120}"
    r"|##\[(?:debug|command|section|group|endgroup)\]"
    r"|(?!std(?:err|out)[ ])[A-Za-z][\w.-]{0,40}[ ]{1,20}\|[ ]"
    r"|#\d{1,4}[ ]\d{1,5}\.\d{1,4}[ ]"
    r"|@?[\w./-]{1,60}:(?:test|build|lint|type-?check|check|dev|start)(?:[:-][\w-]{1,20})?:[ ]"
    r"|[\w@./-]{1,60}[ ](?:test|build|lint|type-?check)(?::[\w-]{1,20})?:[ ]"
    r"|\[\d\][ ]"
    r"){1,3}",
    re.MULTILINE,
)
_MARKED_ERROR = re.compile(r"^(?:##\[error\]|::error[^\n:]{0,300}::)", re.MULTILINE)
_MARKED_WARNING = re.compile(r"^(?:##\[warning\]|::warning[^\n:]{0,300}::)", re.MULTILINE)


@dataclass(frozen=True)
class Log:
    """Cleaned lines, and which line of the input each of them was, counted from 1."""

    lines: Sequence[str]
    numbers: Sequence[int]
    total: int
    """Lines of the input, those that were left out included."""


def read_log(source: str | bytes) -> Log:
    """Clean lines of whatever CI gave."""
    text = decode(source) if isinstance(source, bytes) else source
    total = text.count("\n") + 1
    if len(text) <= WHOLE_BELOW:
        lines = clean(text)
        return Log(lines, range(1, len(lines) + 1), total)
    kept: list[str] = []
    numbers: list[int] = []
    at_line, at = 1, 0
    for start, end in _windows(text):
        at_line += text.count("\n", at, start)
        lines = clean(text[start:end])
        kept.extend(lines)
        numbers.extend(range(at_line, at_line + len(lines)))
        at_line, at = at_line + len(lines), end + 1
    return Log(kept, numbers, total)


def decode(data: bytes) -> str:
    """Text of bytes in UTF-8, or in UTF-16 with its mark. What cannot be read becomes `�`."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8", errors="replace").removeprefix("\ufeff")


def clean(text: str) -> list[str]:
    """One cleaned line for each line of the text, in order."""
    if "\x1b" in text or "m" in text:
        text = _ANSI.sub("", text)
    if "\r" in text:
        text = "\n".join(_last_written(line) for line in text.split("\n"))
    text = _PREFIX.sub("", _CONTROL.sub(" ", text))
    if "##[" in text or "::" in text:
        text = _MARKED_WARNING.sub("Warning: ", _MARKED_ERROR.sub("Error: ", text))
    lines = text.split("\n")
    if len(text) > MAX_LINE:
        lines = [line if len(line) <= MAX_LINE else _shortened(line) for line in lines]
    return [line.rstrip() for line in lines]


def _last_written(line: str) -> str:
    """What a progress bar leaves on the screen."""
    if "\r" not in line:
        return line
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")


def _shortened(line: str) -> str:
    return line[: MAX_LINE - 500] + " ... " + line[-490:]


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Ranges to read, cut at line ends, in order and apart from one another."""
    wanted = [(0, _HEAD), (len(text) - _TAIL, len(text))]
    for signal in SIGNALS:
        wanted += [(at - _WINDOW // 2, at + _WINDOW) for at in _hits(text, signal)]
    done = 0
    for start, end in _merged(wanted):
        first = text.rfind("\n", max(0, start - MAX_LINE), max(0, start)) + 1 or max(0, start)
        last = text.find("\n", end, end + MAX_LINE)
        last = min(end + MAX_LINE, len(text)) if last < 0 else last
        if last > max(first, done):
            yield max(first, done), last
            done = last + 1


def _hits(text: str, signal: str) -> Iterator[int]:
    """Where a signal stands, the last ones: the end of a log says what ended it."""
    at, low = len(text) - _TAIL, _HEAD
    for _ in range(_WINDOWS // len(SIGNALS)):
        at = text.rfind(signal, low, at)
        if at < 0:
            return
        yield at
        at = max(at - _WINDOW // 2, low)


def _merged(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    ordered = sorted(ranges)
    start, end = ordered[0]
    for next_start, next_end in ordered[1:]:
        if next_start > end:
            yield start, end
            start, end = next_start, next_end
        end = max(end, next_end)
    yield start, end
