"""Finds real bugs: small changes between releases that a test of the later release tells apart.

    python -m benchmarks.repair_bugs.mine NAME ... --python PATH [--releases 10]

Both archives of consecutive releases are compared. A change of a few lines inside a function is
undone in the later one; when that makes a few of its tests fail, and leaves the others alone, the
undone change is a bug that people made and mended. Appends to `mined.jsonl` below the cache; what
is worth keeping goes to the file of that name beside this one.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import guarded
from benchmarks.repair_bugs.packages import CACHE, Package, unpacked
from benchmarks.repair_bugs.runner import Runner

FOUND = CACHE / "mined.jsonl"
LONGEST_HUNK = 4
MOST_FAILING = 12
_SKIPPED = re.compile(
    r"(^|/)(tests?|docs?|examples?|benchmarks?|testing)(/|\.py$)|setup\.py|_version|conftest|test_"
)


@dataclass(frozen=True)
class Hunk:
    """Lines `first` to `last` of the later release, and what stood there before."""

    path: str
    first: int
    now: tuple[str, ...]
    before: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--releases", type=int, default=10)
    parser.add_argument("--per-release", type=int, default=5)
    parser.add_argument("--budget", type=float, default=150.0, help="seconds a package")
    options = parser.parse_args()
    for name in options.names:
        print(name, _mined(name, options), flush=True)
    return 0


def _mined(name: str, options: argparse.Namespace) -> str:
    spent = 0.0
    count = tried = 0
    later: Path | None = None
    later_package: Package | None = None
    for version in _versions(name)[: options.releases]:
        package = _archived(options.python, name, version)
        if package is None:
            continue
        tree = unpacked(package)
        if later is not None and later_package is not None and spent < options.budget:
            began = time.monotonic()
            runner = Runner(options.python, later)
            hunks = list(_hunks(tree, later))[: 3 * options.per_release]
            if hunks and runner.measure():
                for hunk in hunks[: options.per_release]:
                    if spent + time.monotonic() - began > options.budget:
                        break
                    tried += 1
                    count += _try(later_package, runner, hunk)
            spent += time.monotonic() - began
        later, later_package = tree, package
    return f"{count} of {tried}"


def _versions(name: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "index", "versions", name],
        capture_output=True,
        text=True,
        check=False,
    )
    match = re.search(r"Available versions: (.*)", done.stdout)
    return match[1].split(", ") if match else []


def _archived(python: Path, name: str, version: str) -> Package | None:
    """The source archive of a release, None when there is none or it cannot be fetched."""
    folder = CACHE / "sdists" / f"{name}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("*.tar.gz")):
        subprocess.run(
            [
                str(python),
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--no-binary",
                ":all:",
                "--no-build-isolation",
                "-d",
                str(folder),
                f"{name}=={version}",
            ],
            capture_output=True,
            check=False,
            timeout=120,
        )
    archive = next(folder.glob("*.tar.gz"), None)
    if archive is None:
        return None
    return Package(name, version, hashlib.sha256(archive.read_bytes()).hexdigest(), "mined")


def _hunks(old: Path, new: Path) -> Iterator[Hunk]:
    for path in sorted(new.rglob("*.py")):
        relative = path.relative_to(new).as_posix()
        former = old / relative
        if _SKIPPED.search(relative) or not former.is_file():
            continue
        before, now = (one.read_text("utf-8", errors="replace") for one in (former, path))
        if before != now:
            yield from _of_file(relative, before, now)


def _of_file(path: str, before: str, now: str) -> Iterator[Hunk]:
    old_lines, new_lines = before.splitlines(keepends=True), now.splitlines(keepends=True)
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old_lines, new_lines).get_opcodes():
        if tag == "equal" or b - a > LONGEST_HUNK or d - c > LONGEST_HUNK:
            continue
        hunk = Hunk(path, c + 1, tuple(new_lines[c:d]), tuple(old_lines[a:b]))
        if _is_behaviour(now, undone(now, hunk), c + 1):
            yield hunk


def undone(text: str, hunk: Hunk) -> str:
    """The later text with the change taken back."""
    lines = text.splitlines(keepends=True)
    at = hunk.first - 1
    return "".join([*lines[:at], *hunk.before, *lines[at + len(hunk.now) :]])


def _is_behaviour(now: str, before: str, line: int) -> bool:
    """Whether both parse, differ in more than words, and the place is inside a function."""
    try:
        later, earlier = ast.parse(now), ast.parse(before)
    except (SyntaxError, ValueError):
        return False
    inside = any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body[0].lineno <= line <= (node.end_lineno or 0) + 1
        for node in ast.walk(later)
    )
    return inside and _bare(later) != _bare(earlier)


def _bare(tree: ast.AST) -> str:
    """A tree without docstrings, annotations and the texts of messages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(0)
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.Raise) and node.exc is not None:
            node.exc = ast.Constant(0)
    return ast.dump(tree)


def _try(package: Package, runner: Runner, hunk: Hunk) -> int:
    text = (runner.tree / hunk.path).read_text("utf-8")
    failing = runner.failing(hunk.path, undone(text, hunk))
    if not 0 < len(failing) <= min(MOST_FAILING, len(runner.passing) // 2):
        return 0
    entry = {
        "package": package.name,
        "version": package.version,
        "sha256": package.sha256,
        "path": hunk.path,
        "first": hunk.first,
        "now": hunk.now,
        "before": hunk.before,
        "failing": sorted(failing),
        "tests": len(runner.passing),
    }
    with FOUND.open("a", encoding="utf-8") as out:
        out.write(json.dumps(entry) + "\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(guarded(main))
