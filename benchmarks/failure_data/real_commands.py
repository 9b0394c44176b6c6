"""pytest, unittest, Python, Node and other commands, run on planted faults."""

# ruff: noqa: E501  outputs of tools are as long as they are, with the signs that tools use

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.failure_data import faults
from benchmarks.failure_data.examples import Example, run
from benchmarks.failure_data.real_javascript import NAMES

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
            name = dice.choice(NAMES)
            file = folder / f"test_{name}.py"
            file.write_text(body.replace("test_it", f"test_{dice.choice(NAMES)}"))
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
