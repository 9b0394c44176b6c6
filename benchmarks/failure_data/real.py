"""Real tools run on small programs with planted faults; their output is kept.

    python -m benchmarks.failure_data.real TOOLS OUT.jsonl

TOOLS is a folder with js17/, js18/ and js19/ (npm projects with Jest, Vitest, Mocha, TypeScript,
React and Testing Library of three generations) and py6/, py7/, py8/ (environments with pytest 6, 7
and 8), as `recipe.sh` beside this module installs them. What is missing is left out.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from benchmarks.failure_data import faults

LIMIT_S = 30
_NAMES = ("cart", "orders", "users", "billing", "search", "upload", "report", "login")


@dataclass(frozen=True)
class Example:
    """One output of a tool and what it shows."""

    tool: str
    domain: str
    cause: str
    text: str


def main() -> None:
    tools, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    count = 0
    with out.open("w", encoding="utf-8") as stream, TemporaryDirectory() as folder:
        for example in everything(tools, Path(folder)):
            stream.write(json.dumps(asdict(example)) + "\n")
            stream.flush()
            count += 1
    print(f"{count} outputs in {out}")


def everything(tools: Path, folder: Path) -> Iterator[Example]:
    dice = random.Random(5)
    for name in ("js17", "js18", "js19"):
        if (project := tools / name).is_dir():
            yield from typescript(project, dice)
            yield from test_runners(project, dice)
            yield from components(project, dice)
    for name in ("py6", "py7", "py8"):
        if (project := tools / name).is_dir():
            yield from pytest_runs(project / "bin" / "python", folder, dice)
    yield from unittest_runs(folder)
    yield from node_runs(folder)
    yield from commands(folder)


def run(command: Sequence[str], folder: Path, *, also_good: bool = False) -> str:
    """What it prints, out and err together; the folder's own path is made a common one.

    Nothing if it went well, unless that is `also_good`.
    """
    with TemporaryFile() as printed:  # a pipe stays open as long as a grandchild lives
        try:
            code = subprocess.run(
                command,
                cwd=folder,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=LIMIT_S,
                check=False,
                env={**os.environ, "CI": "1"},
            ).returncode
        except (OSError, subprocess.TimeoutExpired):
            return ""
        printed.seek(0)
        text = printed.read().decode("utf-8", "replace") if code or also_good else ""
    return re.sub(re.escape(str(folder)), "/app", text)


# ------------------------------------------------------------------ TypeScript


_TSC = """
const ts = require('typescript'), fs = require('fs');
const [files, pretty] = JSON.parse(fs.readFileSync(0));
const host = { getCanonicalFileName: f => f, getCurrentDirectory: () => process.cwd(), getNewLine: () => '\\n' };
for (const [name, strict] of files) {
  const program = ts.createProgram([name], { strict, noEmit: true, target: 7, module: 1, types: [], noImplicitReturns: true, skipLibCheck: true });
  const found = ts.getPreEmitDiagnostics(program).slice(0, 4);
  const text = (pretty ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics)(found, host);
  console.log(JSON.stringify([found.map(d => d.code), text]));
}
"""


def typescript(project: Path, dice: random.Random) -> Iterator[Example]:
    sources = project / "ts-src"
    sources.mkdir(exist_ok=True)
    named = []
    for at, code in enumerate(faults.TYPESCRIPT):
        file = sources / f"{dice.choice(_NAMES)}{at}.ts"
        file.write_text("// made\n" * dice.randrange(4) + code + "\nexport {};\n")
        named.append([str(file.relative_to(project)), True])
    for pretty in (False, True):
        asked = json.dumps([named, pretty])
        done = subprocess.run(
            ["node", "-e", _TSC],
            cwd=project,
            input=asked.encode(),
            capture_output=True,
            check=False,
        )
        for line in done.stdout.decode().splitlines():
            codes, text = json.loads(line)
            text = re.sub("\x1b\\[[0-9;]*m", "", text).replace("ts-src/", "src/")
            if codes:
                yield Example(f"tsc {project.name}", "typescript", cause_of_code(codes[0]), text)


SYNTAX_BELOW, IMPORTS = (
    2000,
    {
        2307,
        7016,
        2688,
        2792,
        2732,
        6053,
        2834,
        2835,
        1479,
        2306,
        2497,
        2580,
        2582,
        2591,
        2875,
        2665,
        2664,
    },
)
CONFIG = {
    5095,
    18003,
    5023,
    6059,
    17004,
    18002,
    1208,
    1259,
    1378,
    2354,
    6142,
    1219,
    1323,
    1286,
    1287,
    6305,
    6306,
    6307,
    6310,
    1343,
    2584,
    2583,
}


def cause_of_code(code: int) -> str:
    """What a code of the compiler means."""
    if code in CONFIG or 5000 <= code < 6000:
        return "permission-or-config"
    if code in IMPORTS:
        return "import-or-dependency"
    if code < SYNTAX_BELOW or 17000 <= code < 17010 or 8000 <= code < 9000:
        return "syntax"
    return "type-error"


# ------------------------------------------------------------------ JavaScript's runners


def test_runners(project: Path, dice: random.Random) -> Iterator[Example]:
    folder = project / "made-tests"
    folder.mkdir(exist_ok=True)
    for runner in ("jest", "vitest", "mocha"):
        if not (project / "node_modules" / ".bin" / runner).exists():
            continue
        tests = faults.MOCHA_TESTS if runner == "mocha" else faults.JS_TESTS
        for fault in tests:
            name = dice.choice(_NAMES)
            file = folder / f"{name}.test.js"
            head = (
                "import { describe, it, expect } from 'vitest'\nimport { createRequire } from 'module'\nconst require = createRequire(import.meta.url)\n"
                if runner == "vitest"
                else ""
            )
            file.write_text(
                f"{head}describe('{name}', () => {{\n  it('does {dice.choice(_NAMES)} well', () => {{\n    {fault.code}\n  }}"
                f"{', 400' if fault.cause == 'timeout' and runner != 'mocha' else ''})\n}})\n"
            )
            command = {
                "jest": [
                    "node_modules/.bin/jest",
                    "--ci",
                    "--rootDir",
                    ".",
                    "--testMatch",
                    f"**/{file.name}",
                ],
                "vitest": ["node_modules/.bin/vitest", "run", f"made-tests/{file.name}"],
                "mocha": ["node_modules/.bin/mocha", f"made-tests/{file.name}"],
            }[runner]
            text = run(command, project)
            file.unlink()
            if text:
                yield Example(f"{runner} {project.name}", "test", fault.cause, text)


_REACT_TEST = """
import React from 'react'
import { render, screen } from '@testing-library/react'
%s
%s
test('%s', async () => { %s })
"""


def components(project: Path, dice: random.Random) -> Iterator[Example]:
    if not (project / "node_modules" / "@testing-library" / "react").exists():
        return
    (project / "babel.config.js").write_text(
        "module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-react'] }\n"
    )
    folder = project / "made-tests"
    folder.mkdir(exist_ok=True)
    for cause, code in faults.REACT:
        text = _component(project, dice, code, "render(<C />)")
        shown = _only_console(text)
        if shown:
            yield Example(f"react {project.name}", "react", cause, shown)
    for query in faults.SELECTORS:
        code = "const C = () => <div><b>twice</b><b>twice</b><button>Save</button></div>"
        text = _component(project, dice, code, f"render(<C />); {query}")
        if text:
            yield Example(f"testing-library {project.name}", "test", "selector", text)


def _component(project: Path, dice: random.Random, code: str, body: str) -> str:
    name = dice.choice(_NAMES).capitalize()
    file = project / "made-tests" / f"{name}.test.jsx"
    source = _REACT_TEST % (code, "", f"shows {name}", body)
    file.write_text(re.sub(r"\bC\b", name, source))
    command = [
        "node_modules/.bin/jest",
        "--ci",
        "--env",
        "jsdom",
        "--rootDir",
        ".",
        "--testMatch",
        f"**/{file.name}",
    ]
    text = run(command, project, also_good=True)  # a warning alone fails no test
    file.unlink()
    return text


def _only_console(text: str) -> str:
    """What React itself says, without the runner's summary."""
    return re.split(r"^(?:Test Suites:|PASS )", text, maxsplit=1, flags=re.MULTILINE)[0].strip("\n")


# ------------------------------------------------------------------ Python


def pytest_runs(python: Path, folder: Path, dice: random.Random) -> Iterator[Example]:
    bodies = [(one.cause, f"def test_it():\n    {one.code}\n") for one in faults.PYTEST]
    bodies += [(one.cause, one.code) for one in faults.PYTEST_FILES]
    for cause, body in bodies:
        for options in (
            [],
            ["-v", "--tb=short"],
            ["-q", "--tb=line", "-rA"],
            ["--tb=native", "-v"],
        ):
            name = dice.choice(_NAMES)
            file = folder / f"test_{name}.py"
            file.write_text(body.replace("test_it", f"test_{dice.choice(_NAMES)}"))
            text = run(
                [str(python), "-m", "pytest", "-p", "no:cacheprovider", *options, file.name], folder
            )
            file.unlink()
            if text:
                yield Example(f"pytest {python.parent.parent.name}", "test", cause, text)


def unittest_runs(folder: Path) -> Iterator[Example]:
    for fault in faults.PYTEST:
        if "pytest" in fault.code:
            continue
        code = fault.code.replace("\n    ", "\n        ")
        (folder / "test_made.py").write_text(
            f"import unittest\nclass MadeTest(unittest.TestCase):\n    def test_it(self):\n        {code}\n"
        )
        text = run([sys.executable, "-m", "unittest", "test_made"], folder)
        yield Example("unittest", "test", fault.cause, text)
        cause = "other" if fault.cause == "assertion" else fault.cause
        (folder / "made.py").write_text(f"def main():\n    {fault.code}\n\nmain()\n")
        text = run([sys.executable, "made.py"], folder)
        if text and fault.cause != "assertion":
            yield Example("python", "general", cause, text)


def node_runs(folder: Path) -> Iterator[Example]:
    for fault in faults.NODE:
        for name in ("server.js", "index.cjs"):
            (folder / name).write_text(fault.code + "\n")
            text = run(["node", name], folder)
            if text:
                yield Example("node", "general", fault.cause, text)


# ------------------------------------------------------------------ other commands

_PROXY = "http://127.0.0.1:9"
COMMANDS = (
    (
        "import-or-dependency",
        ["npm", "run", "no-such-script"],
        {"package.json": '{"name":"a","version":"1.0.0"}'},
    ),
    ("syntax", ["npm", "install"], {"package.json": '{"name": "a",}'}),
    ("import-or-dependency", ["npm", "ci"], {"package.json": '{"name":"a","version":"1.0.0"}'}),
    ("permission-or-config", ["git", "commit", "-m", "x"], {}),
    ("other", ["git", "checkout", "no-such-branch"], {}),
    ("network", ["git", "clone", "https://no-such-host.invalid/a.git"], {}),
    ("infrastructure", ["psql", "-h", "127.0.0.1", "-p", "1", "-c", "select 1"], {}),
    ("infrastructure", ["psql", "-c", "select 1"], {}),
    ("other", ["make", "nothing"], {"Makefile": "all:\n\ttrue\n"}),
    ("syntax", ["make"], {"Makefile": "all:\n  true\n"}),
    ("import-or-dependency", ["make"], {"Makefile": "all:\n\tno-such-command --x\n"}),
    ("syntax", ["gcc", "a.c"], {"a.c": "int main() { return 0 }\n"}),
    ("type-error", ["gcc", "-Werror", "a.c"], {"a.c": 'int main() { int x = "a"; return x; }\n'}),
    ("import-or-dependency", ["gcc", "a.c"], {"a.c": "#include <nothing.h>\nint main() {}\n"}),
    ("other", ["gcc", "a.c"], {"a.c": "int f(); int main() { return f(); }\n"}),
    ("import-or-dependency", ["gcc", "a.c", "-lnothing"], {"a.c": "int main() {}\n"}),
    ("type-error", ["g++", "a.cc"], {"a.cc": 'void f(int); int main() { f("a"); }\n'}),
    ("other", ["g++", "a.cc"], {"a.cc": "int main() { x = 1; }\n"}),
    ("type-error", ["javac", "A.java"], {"A.java": 'class A { int x = "a"; }\n'}),
    ("type-error", ["javac", "A.java"], {"A.java": "class A { int x = y; }\n"}),
    ("syntax", ["javac", "A.java"], {"A.java": "class A { int x = 1 }\n"}),
    ("import-or-dependency", ["javac", "A.java"], {"A.java": "import com.acme.B; class A { }\n"}),
    ("syntax", ["bash", "a.sh"], {"a.sh": "if true; then\n"}),
    ("import-or-dependency", ["bash", "a.sh"], {"a.sh": "set -e\nno-such-command\n"}),
    ("syntax", [sys.executable, "a.py"], {"a.py": "def f(:\n"}),
    ("syntax", [sys.executable, "a.py"], {"a.py": "  x = 1\n"}),
    (
        "network",
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--proxy",
            _PROXY,
            "--retries",
            "0",
            "attrs==0.0.1",
        ],
        {},
    ),
    ("import-or-dependency", [sys.executable, "-m", "pip", "install", "--no-index", "attrs"], {}),
    ("import-or-dependency", [sys.executable, "-m", "pip", "install", "-r", "none.txt"], {}),
    ("network", ["curl", "-sS", "https://no-such-host.invalid/"], {}),
    ("infrastructure", ["docker", "ps"], {}),
    ("type-error", ["rustc", "a.rs"], {"a.rs": 'fn main() { let x: i32 = "a"; }\n'}),
    (
        "other",
        ["rustc", "a.rs"],
        {"a.rs": 'fn main() { let a = String::new(); let b = a; println!("{}", a); }\n'},
    ),
    ("syntax", ["rustc", "a.rs"], {"a.rs": "fn main() { let x = 1 let y = 2; }\n"}),
    ("import-or-dependency", ["rustc", "a.rs"], {"a.rs": "use serde::Serialize; fn main() {}\n"}),
    ("syntax", ["node", "--check", "a.js"], {"a.js": "if (\n"}),
)


def commands(folder: Path) -> Iterator[Example]:
    for at, (cause, command, files) in enumerate(COMMANDS):
        place = folder / f"c{at}"
        place.mkdir()
        if command[0] == "git":
            subprocess.run(["git", "init", "-q"], cwd=place, check=False)
        for name, text in files.items():
            (place / name).write_text(text)
        text = run(command, place)
        if text:
            yield Example(command[0], "general", cause, text)


if __name__ == "__main__":
    main()
