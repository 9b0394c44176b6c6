"""Time to select the units that a change can reach in a tree of 5,000 Python files.

    python -m benchmarks.impact_speed [--files 5000]

`cold` reads every file, `warm` finds the facts of all but the changed file in the store. A fifth of
the files are tests; each file imports another, and has as many lines as `--lines` says. Beside it,
what parsing alone costs: `ast.parse` of every file, nothing kept. All in one process, so its CPU
seconds are what counts: they are the wall's on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.plan import Unit
from testfleet.contracts.run import Mode
from testfleet.local.readers import local_readers
from testfleet.planning.impact.selection import SelectionOptions, select_units
from testfleet.planning.project import load_project, resolve_suite
from testfleet.planning.source_tree import DirectoryTree

TARGET_COLD_S = 3.0
TARGET_WARM_S = 0.5
FOLDER = 50
EVERY = 5


def path_of(number: int) -> str:
    if number % EVERY:
        return f"pkg/part{number // FOLDER}/m{number}.py"
    return f"tests/part{number // FOLDER}/test_{number}.py"


def make_tree(root: Path, files: int, lines: int) -> list[str]:
    """Write the files; each imports one, and by chains of at most eight all lead to the first."""
    paths = [path_of(number) for number in range(files)]
    for number, path in enumerate(paths):
        other = number // 3
        other += other % EVERY == 0
        name = path_of(other).removesuffix(".py").replace("/", ".")
        body = "".join(
            f'def test_{at}():\n    value = {at} + {number}\n    assert value, "text {at}"\n\n\n'
            for at in range(lines // 5)
        )
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"import os\n\nimport {name}\n\n\n{body}", "utf-8")
    return paths


def timed(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--lines", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="impact-") as folder:
        root = Path(folder).resolve() / "tree"
        paths = make_tree(root, options.files, options.lines)
        megabytes = sum((root / path).stat().st_size for path in paths) / 1e6
        changed = root / path_of(1)
        readers = local_readers(root, root.parent / "home", None)
        units = [Unit(id=p, size_bytes=1, tests_estimate=1) for p in paths if "/test_" in p]
        change = [FileChange(path=path_of(1), status=FileStatus.MODIFIED)]

        def select() -> None:
            tree = DirectoryTree(root, paths)
            suite = resolve_suite(load_project(tree), None, Mode.FULL)
            select_units(tree, suite, units, change, SelectionOptions(readers=readers))

        cold = timed(select)
        changed.write_text(changed.read_text("utf-8") + "# changed\n", "utf-8")
        warm = timed(select)
        alone = timed(lambda: [ast.parse((root / path).read_bytes()) and None for path in paths])
    print(f"{describe_conditions()}\n")
    print(
        f"{options.files} files, {megabytes:.1f} MB: cold {cold:.2f} s, warm {warm:.2f} s of CPU,"
    )
    print(f"ast.parse alone {alone:.2f} s; cold / ast.parse {cold / alone:.1f}")
    met = cold <= TARGET_COLD_S and warm <= TARGET_WARM_S
    print(f"target: cold {TARGET_COLD_S} s, warm {TARGET_WARM_S} s: {verdict(met=met)}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
