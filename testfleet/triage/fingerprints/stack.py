"""Stacks of Python, JavaScript, Java, Go, Rust, Ruby, .NET and compilers, as frames.

Innermost first, whatever the language prints first. A frame is known by path and function: line
numbers move with every commit. Where the stack shows the failing line's source, that is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from testfleet.triage.fingerprints.text import masked_word

MAX_FRAMES: Final = 200
_MAX_LINE: Final = 400
_EXTENSIONS: Final = (
    r"py|pyx|js|jsx|ts|tsx|mjs|cjs|mts|cts|vue|svelte|go|rs|rb|java|kt|scala|groovy|cs|fs|cc|cpp|c|h"
    r"|hpp|php|ex|exs|swift"
)
_PATH: Final = rf"(?P<path>[^\s:()'\"][^:()'\"]{{0,250}}\.(?:{_EXTENSIONS}))"

_PYTHON: Final = re.compile(
    r'\s*File "(?P<path>[^"\n]{1,300})", line (?P<line>\d{1,7})(?:, in (?P<function>.{1,150}))?'
)
_PYTEST: Final = re.compile(
    r"(?P<path>[^\s:][^:\n]{0,250}\.py):(?P<line>\d{1,7}): ?(?:in (?P<function>\S{1,150})|[\w.]*)$"
)
_AT: Final = re.compile(
    rf"\s*(?:at|from|in) (?:async )?(?:(?P<function>[^\s()]{{1,150}}(?: [^\s()]{{1,80}})?(?: \[as"
    rf" \w{{1,80}}\])?) \(|)(?:file://|webpack://)?{_PATH}:(?:line )?(?P<line>\d{{1,7}})"
)
_JAVA: Final = re.compile(
    r"\s*at (?:[\w.@-]{1,80}/{1,2})?(?P<class>[\w.$]{1,200})\.(?P<function>[\w$<>]{1,100})"
    r"\((?P<path>[\w$-]{1,120}\.(?:java|kt|scala|groovy)):(?P<line>\d{1,7})\)"
)
_GO: Final = re.compile(r"\s+(?P<path>[^\s:]{1,250}\.go):(?P<line>\d{1,7})(?: \+0x[0-9a-f]+)?:?")
_PANIC: Final = re.compile(
    r".{0,120}panicked at (?:'.{0,200}', )?(?P<path>[^\s:]{1,250}\.rs):(?P<line>\d+)"
)
_DOTNET: Final = re.compile(
    r"\s*at (?P<function>[^\s(]{1,200})\(.{0,150}\) in (?P<path>.{1,250}?):line (?P<line>\d{1,7})"
)
_COMPILER: Final = re.compile(
    rf"{_PATH}(?::|\()(?P<line>\d{{1,7}})[:,](?P<column>\d{{1,7}})\)?(?: - |: )"
)
_ARROW: Final = re.compile(r"\s{0,20}--> (?P<path>[^\s:]{1,250}):(?P<line>\d{1,7}):\d{1,7}$")
_OUTERMOST_FIRST: Final = (_PYTHON, _PYTEST)
_SHAPES: Final = (*_OUTERMOST_FIRST, _JAVA, _DOTNET, _AT, _GO, _PANIC, _COMPILER, _ARROW)
_DEFINITION: Final = re.compile(r"\s*(?:async )?def (\w{1,150})")
_POINTER: Final = re.compile(r">\s+(\S.{0,300})")

_LIBRARY: Final = (
    "site-packages/", "dist-packages/", "node_modules/", "lib/python", "<frozen", "<string>",
    "node:", "internal/", "/.cargo/", "/rustc/", "/go/pkg/mod/", "/usr/lib/", "/usr/share/",
    "/usr/local/go/", "/gems/", "_pytest/", "pluggy/", "webpack/bootstrap", "/.pyenv/", "/.nvm/",
)  # fmt: skip
_LIBRARY_CLASSES: Final = (
    "java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "scala.", "groovy.", "org.junit.",
    "junit.", "org.testng.", "org.mockito.", "org.assertj.", "org.hamcrest.", "org.gradle.",
    "org.apache.maven.", "org.springframework.", "org.hibernate.", "reactor.", "io.netty.",
)  # fmt: skip
_TEST_FILE: Final = re.compile(
    r"(?:^|/)(?:test_[^/]{0,150}\.py|[^/]{1,150}_test\.(?:py|go|rb|exs)|[^/]{1,150}_spec\.rb"
    r"|[^/]{1,150}\.(?:test|spec|cy|e2e)\.[cm]?[jt]sx?|[^/]{0,150}(?:Tests?|IT|Spec)\.(?:java|kt|cs)"
    r"|tests?\.py)$"
)
_TEST_FOLDER: Final = re.compile(r"(?:^|/)__tests__/[^/]{1,150}$")


@dataclass(frozen=True)
class Frame:
    """One place that the failure passed through."""

    path: str
    """As printed; of the project's own files relative to its root, where that could be told."""
    line: int
    function: str = ""
    source: str = ""
    """The line of code, where the stack shows it."""
    is_library: bool = False

    @property
    def is_test(self) -> bool:
        """Whether it lies in a test's own file, and not in a helper, a fixture or the code."""
        return bool(_TEST_FILE.search(self.path) or _TEST_FOLDER.search(self.path))

    @property
    def place(self) -> str:
        """What a frame is known by from run to run."""
        parts = self.path.replace("\\", "/").split("/")
        path = "/".join(parts[-3:] if not self.is_absolute else parts[-2:])
        return f"{path}:{masked_word(self.function)}"

    @property
    def is_absolute(self) -> bool:
        """Whether nobody knows where the project begins in the path."""
        return self.path.startswith(("/", "\\")) or self.path[1:3] in (":\\", ":/")

    def __str__(self) -> str:
        inside = f", in {self.function}" if self.function else ""
        return f"{self.path}:{self.line}{inside}"


def frames(lines: Sequence[str], file: str = "") -> list[Frame]:
    """The frames of the stack, innermost first. `file`: the test's file, relative to the root."""
    inner_last: list[Frame] = []
    inner_first: list[Frame] = []
    function = source = ""
    for at, line in enumerate(lines):
        if len(inner_last) + len(inner_first) >= MAX_FRAMES:
            break
        if found := _DEFINITION.match(line):
            function, source = found[1], ""
        elif found := _POINTER.match(line):
            source = found[1].strip()
        shape, match = _match(line)
        if match is None:
            continue
        frame = _frame(match, _next_source(lines, at) if shape in _OUTERMOST_FIRST else "")
        if shape is _PYTEST and not frame.function:
            frame = replace(frame, function=function, source=source)
            function = source = ""
        (inner_last if shape in _OUTERMOST_FIRST else inner_first).append(frame)
    found_frames = inner_last[::-1] or inner_first
    return _relative(found_frames, file)


def own(found: Sequence[Frame]) -> list[Frame]:
    """The project's frames, innermost first."""
    return [frame for frame in found if not frame.is_library]


def _match(line: str) -> tuple[re.Pattern[str] | None, re.Match[str] | None]:
    if len(line) > _MAX_LINE or not any(map(str.isdigit, line)):
        return None, None
    for shape in _SHAPES:
        if match := shape.match(line):
            return shape, match
    return None, None


def _frame(match: re.Match[str], source: str) -> Frame:
    groups = match.groupdict()
    path, name = groups["path"].strip(), groups.get("function") or ""
    owner = groups.get("class") or ""
    if owner:
        name = f"{owner.rpartition('.')[2]}.{name}"
        path = f"{owner.rpartition('.')[0].replace('.', '/')}/{path}"
    slashed = path.replace("\\", "/")
    is_library = owner.startswith(_LIBRARY_CLASSES) or any(part in slashed for part in _LIBRARY)
    return Frame(path, int(groups["line"]), name.strip(), source, is_library)


def _next_source(lines: Sequence[str], at: int) -> str:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    is_source = following.startswith("    ") and not _PYTHON.match(following)
    return following.strip()[:300] if is_source else ""


def _relative(found: list[Frame], file: str) -> list[Frame]:
    """Take the root of the working copy off, as far as the test's own file gives it away."""
    if not file:
        return found
    roots = {
        frame.path.removesuffix(file)
        for frame in found
        if frame.path.endswith("/" + file) and frame.path != file
    }
    for root in sorted(roots):
        found = [replace(frame, path=frame.path.removeprefix(root)) for frame in found]
    return found
