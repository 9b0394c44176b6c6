"""Real tools run on small programs with planted faults; their output is kept.

    python -m benchmarks.failure_data.real TOOLS OUT.jsonl

TOOLS is a folder with js17/, js18/ and js19/ (npm projects with Jest, Vitest, Mocha, TypeScript,
React and Testing Library of three generations) and py6/, py7/, py8/ (environments with pytest 6, 7
and 8), and more/ (Playwright and others), as `recipe.sh` beside this module installs them. What is
missing is left out.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.failure_data import real_varied, real_varied_pages
from benchmarks.failure_data.examples import Example
from benchmarks.failure_data.real_commands import commands, node_runs, pytest_runs, unittest_runs
from benchmarks.failure_data.real_javascript import components, test_runners, typescript


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
    yield from varied(tools, folder, dice)


def varied(tools: Path, folder: Path, dice: random.Random) -> Iterator[Example]:
    """Thousands of small faults, many in each run."""
    for name in ("js17", "js18", "js19", "more"):
        if (project := tools / name).is_dir():
            yield from real_varied.javascript(project, dice)
            yield from real_varied_pages.react(project, dice)
            yield from real_varied_pages.pages(project, shutil.which("chromium") or "", dice)
    for name in ("py6", "py7", "py8"):
        if (project := tools / name).is_dir():
            yield from real_varied.pytest_files(project / "bin" / "python", folder, dice)
    yield from real_varied.scripts(folder, dice)
    yield from real_varied.compilers(folder, dice)


if __name__ == "__main__":
    main()
