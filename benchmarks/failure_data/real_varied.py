"""Many faults in one run of a runner: each failing test's own report becomes an example.

One start of Jest costs seconds and reports a hundred failing tests as readily as one, so the
templates of `varied_faults` are filled with different names and numbers and run together; what a
runner prints for each of them is cut out, as people paste it.
"""

# ruff: noqa: E501  outputs of tools are as long as they are

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.failure_data import varied_faults as made
from benchmarks.failure_data.examples import Example, run
from benchmarks.failure_data.faults import Fault
from benchmarks.failure_data.parts import WORDS

VARIANTS = 4


@dataclass(frozen=True)
class Planted:
    """One filled template, and the number by which its report is found."""

    number: int
    cause: str
    code: str

    @property
    def title(self) -> str:
        """How the case is called."""
        return f"case{self.number:04d}"


def planted(
    faults: Sequence[Fault], dice: random.Random, variants: int = VARIANTS
) -> list[Planted]:
    """Every template with several sets of words."""
    found = [(fault, filled(fault.code, dice)) for fault in faults for _ in range(variants)]
    return [Planted(at, fault.cause, code) for at, (fault, code) in enumerate(found)]


def filled(code: str, dice: random.Random) -> str:
    """The template with words and numbers in it. Words of the language itself are none."""
    a, b, c = dice.sample([word for word in WORDS if word not in ("import", "export")], 3)
    n, m = dice.sample(range(10, 99), 2)
    return code.format(a=a, b=b, c=c, A=a.capitalize(), B=b.capitalize(), n=n, m=m)


# ------------------------------------------------------------------ JavaScript

_VITEST = "import { describe, it, expect } from 'vitest'\nimport { createRequire } from 'module'\nconst require = createRequire(import.meta.url)\n"


def javascript(project: Path, dice: random.Random) -> Iterator[Example]:
    """Jest, Vitest, Mocha and Node's own runner, whichever the project has."""
    folder = project / "varied"
    folder.mkdir(exist_ok=True)
    for runner in ("jest", "vitest", "mocha", "node"):
        tool = project / "node_modules" / ".bin" / runner
        if runner != "node" and not tool.exists():
            continue
        cases = [
            one
            for one in planted(made.JS, dice)
            if runner in ("jest", "vitest") or "expect(" not in one.code
        ]
        file = folder / f"{dice.choice(WORDS)}.test.{'mjs' if runner == 'vitest' else 'cjs'}"
        file.write_text(_javascript_file(runner, cases, dice))
        text = run(_javascript_command(runner, f"varied/{file.name}"), project, also_good=True)
        file.unlink()
        yield from cut(text, cases, runner, project.name)


def _javascript_file(runner: str, cases: Sequence[Planted], dice: random.Random) -> str:
    limit = "" if runner == "mocha" else ", 300"
    head = {"vitest": _VITEST, "node": "const { describe, it } = require('node:test')\n"}.get(
        runner, ""
    )
    body = "".join(
        f"  it('{one.title} {dice.choice(WORDS)} {dice.choice(WORDS)}', "
        + ("{ timeout: 300 }, " if runner == "node" else "")
        + f"() => {{\n    {one.code}\n  }}{'' if runner == 'node' else limit})\n"
        for one in cases
    )
    return f"{head}describe('{dice.choice(WORDS)}', () => {{\n{body}}})\n"


def _javascript_command(runner: str, file: str) -> list[str]:
    bins = f"node_modules/.bin/{runner}"
    return {
        "jest": [bins, "--ci", "--rootDir", ".", "--testMatch", f"**/{file}"],
        "vitest": [bins, "run", file],
        "mocha": [bins, "--timeout", "200", "--exit", file],
        "node": ["node", "--test", "--test-reporter=spec", file],
    }[runner]


_HEADINGS = {
    "jest": r"^  ● .*case(\d{4})",
    "vitest": r"^ FAIL .*case(\d{4})",
    "mocha": r"^  \d+\) .*(?:\n.*)?case(\d{4})",
    "node": r"^✖ .*case(\d{4})",
    "playwright": r"^  \d+\) .*case(\d{4})",
    "pytest": r"^_+ .*case(\d{4}).* _+$",
}


def cut(text: str, cases: Sequence[Planted], runner: str, project: str) -> Iterator[Example]:
    """The report of each case: from its heading to the next."""
    plain = re.sub("\x1b\\[[0-9;]*m", "", text)
    heads = list(re.finditer(_HEADINGS[runner], plain, re.MULTILINE))
    causes = {one.number: one.cause for one in cases}
    for at, head in enumerate(heads):
        end = heads[at + 1].start() if at + 1 < len(heads) else len(plain)
        number = int(head[1])
        report = plain[head.start() : end].strip("\n")
        if number not in causes or report.count("\n") < 2:  # a line in the summary is no report
            continue
        cause = causes.pop(number)
        lines = re.sub(r"case\d{4} ?_?", "", report).split("\n")[:40]
        yield Example(f"{runner} {project}", "test", cause, "\n".join(lines))


# ------------------------------------------------------------------ Python


def pytest_files(python: Path, folder: Path, dice: random.Random) -> Iterator[Example]:
    """pytest with several ways to show a failure."""
    for options in ([], ["--tb=short"], ["--tb=native"], ["-l", "-vv"]):
        cases = planted(made.PYTHON, dice, 1)
        body = "".join(
            f"def test_case{one.number:04d}_{dice.choice(WORDS)}():\n{_indented(one.code)}\n\n"
            for one in cases
        )
        file = folder / f"test_{dice.choice(WORDS)}.py"
        file.write_text(body)
        text = run(
            [str(python), "-m", "pytest", "-p", "no:cacheprovider", *options, file.name], folder
        )
        file.unlink()
        yield from cut(text, cases, "pytest", python.parent.parent.name)


def _indented(code: str) -> str:
    return "".join(f"    {line}\n" for line in code.split("\n"))


def scripts(folder: Path, dice: random.Random) -> Iterator[Example]:
    """Programs that crash: Python and Node."""
    for one in planted([fault for fault in made.PYTHON if fault.cause != "assertion"], dice, 2):
        name = f"{dice.choice(WORDS)}.py"
        call = f"def {dice.choice(WORDS)}_all():\n{_indented(one.code)}\n\n"
        (folder / name).write_text(
            call + call.split("(", maxsplit=1)[0].removeprefix("def ") + "()\n"
        )
        if text := run(["python3", name], folder):
            yield Example("python", "general", one.cause, text)
    for one in planted(
        [fault for fault in made.JS if "expect(" not in fault.code and fault.cause != "timeout"],
        dice,
        2,
    ):
        name = f"{dice.choice(WORDS)}.js"
        (folder / name).write_text(
            f"async function main() {{\n  return (() => {{ {one.code} }})()\n}}\nmain()\n"
        )
        if text := run(["node", name], folder):
            yield Example("node", "general", one.cause, text)


# ------------------------------------------------------------------ compilers

_COMPILERS = (
    (made.RUST, "made.rs", ["rustc", "--edition", "2021", "made.rs"]),
    (made.JAVA, "Made.java", ["javac", "Made.java"]),
    (made.C, "made.c", ["gcc", "-Wall", "-Werror=implicit", "made.c"]),
    (made.C, "made.cc", ["g++", "made.cc"]),
)


def compilers(folder: Path, dice: random.Random) -> Iterator[Example]:
    """rustc, javac, gcc and g++ on files that do not compile."""
    for faults, name, command in _COMPILERS:
        for one in planted(faults, dice, 3):
            real = name if name[0].isupper() else f"{dice.choice(WORDS)}.{name.rpartition('.')[2]}"
            (folder / real).write_text(one.code + "\n")
            if text := run([*command[:-1], real], folder):
                yield Example(command[0], "general", one.cause, text)
