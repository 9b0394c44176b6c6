"""Repair of failing JavaScript tests: planted single faults in real packages.

    python -m benchmarks.repair_javascript [--sample N] [--seed N] [--held-out]

Packages of javascript_packages.toml are published with their tests. plant_javascript.mjs plants
single faults of the kinds that programmers make, and hides a third of the tests; a fault counts
when a test that is left fails. It is fixed when the answer says so, and right when all tests of the
package pass, those that were hidden, too; `same` is the share of all with the JavaScript of before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import describe_load, guarded, verdict
from benchmarks.typescript_packages import archive, install
from testfleet.contracts.repair import FixStatus
from testfleet.errors import TestfleetError, UsageError
from testfleet.repair.javascript.runner import Runner
from testfleet.repair.javascript.sources import editable, is_test
from testfleet.repair.typescript.bench import bench_of
from testfleet.repair.typescript.fix import Options, fix_typescript
from testfleet.repair.typescript.home import find_home
from testfleet.repair.typescript.model import Edit, edited

PRECISE: Final = 0.95
HIDDEN: Final = 1 / 3
CACHE: Final = Path(__file__).parent / ".cache" / "javascript"
_TABLE: Final = Path(__file__).with_name("javascript_packages.toml")
_PLANTER: Final = Path(__file__).with_name("plant_javascript.mjs")
_RUNNERS: Final = {
    "vitest": ("vitest@3.2.4",),
    "jest": (
        *("jest@29.7.0", "@babel/preset-env@7.28.5", "@babel/preset-typescript@7.28.5"),
        *("@babel/preset-react@7.28.5", "@babel/runtime@7.28.4"),
    ),
}
_FILES: Final = {
    "vitest": {
        "vitest.config.mjs": "export default { test: { globals: true,"
        ' include: ["**/{__tests__,test}/**/*.?([cm])[jt]s?(x)"],'
        ' exclude: ["**/node_modules/**", "**/fixtures/**"] } };\n'
    },
    "jest": {
        "jest.config.cjs": "module.exports = { testMatch:"
        ' ["**/test/**/*.[jt]s?(x)"], testPathIgnorePatterns: ["/fixtures/", "Util"] };\n',
        "babel.config.cjs": "module.exports = { presets: [['@babel/preset-env', { targets: {"
        ' node: "current" } }], "@babel/preset-react", "@babel/preset-typescript"] };\n',
    },
}


@dataclass(frozen=True)
class Package:
    """One package of the table."""

    name: str
    version: str
    runner: str
    requires: tuple[str, ...]
    held_out: bool
    take: tuple[str, ...]
    without: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it lies with its dependencies."""
        return CACHE / "packages" / self.name.replace("/", "__")


@dataclass
class Case:
    """One planted fault and what became of it."""

    package: str
    kind: str
    place: str
    failing: int = 0
    status: str = ""
    right: bool = False
    same: bool = False
    suggested_right: bool = False
    top: int = 0
    """Place of the faulty line in the localisation; 0 when it is not there."""
    time_s: float = 0.0
    tried: int = 0
    template: str = ""
    share: float = 0.0
    reason: str = ""
    patch: str = ""
    fault: list[dict[str, Any]] = field(default_factory=list)

    @property
    def fixed(self) -> bool:
        """Whether it was called so."""
        return self.status == "fixed"


def packages() -> list[Package]:
    """Those of the table, in its order."""
    table = tomllib.loads(_TABLE.read_text("utf-8"))["packages"]
    return [
        Package(
            name,
            entry["version"],
            entry["runner"],
            tuple(entry["requires"]),
            entry.get("held_out", False),
            tuple(entry.get("take", ["src/"])),
            tuple(entry.get("without", ())),
        )
        for name, entry in table.items()
    ]


def materialise(package: Package) -> Path:
    """Fetch, unpack, install."""
    folder = package.folder
    if (folder / ".ready").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    integrity = tomllib.loads(_TABLE.read_text("utf-8"))["packages"][package.name]["integrity"]
    opened = archive(package.name, package.version, integrity)
    for member in opened:
        name = member.name.split("/", 1)[-1]
        content = opened.extractfile(member) if member.isfile() else None
        if content is None or not name.startswith(package.take):
            continue
        if not name.startswith(package.without or "\0"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content.read())
    for path, text in _FILES[package.runner].items():
        (folder / path).write_text(text, "utf-8")
    runner = {"devDependencies": {package.runner: "*"}}
    (folder / "package.json").write_text(json.dumps({"name": package.name, **runner}), "utf-8")
    install(folder, ["typescript@5.9.3", *_RUNNERS[package.runner], *package.requires])
    (folder / ".ready").touch()
    return folder


def files_of(folder: Path) -> list[str]:
    """All but what is installed."""
    own = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in own)
    return sorted(name for name in names if not name.startswith(("node_modules/", ".ready")))


def measure(package: Package, args: argparse.Namespace) -> Iterator[Case]:
    """The sampled faults of one package that a visible test notices."""
    origin = materialise(package)
    work = CACHE / "work" / package.folder.name
    shutil.rmtree(work, ignore_errors=True)
    files = files_of(origin)
    for name in files:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(origin / name, work / name)
    (work / "node_modules").symlink_to(origin / "node_modules")
    tests = [
        name for name in files if is_test(name) and name.endswith((".js", ".ts", ".tsx", ".jsx"))
    ]
    hidden = json.loads(_node(origin, "--hide", str(HIDDEN), str(args.seed), *tests))
    for name, text in hidden.items():
        (work / name).write_text(text, "utf-8")
    sources = editable(origin, files, tests)
    lines = _node(origin, str(args.sample * 8), str(args.seed), *sources).splitlines()
    home = find_home(work)
    options = Options(files=files, budget_s=args.budget)
    count = 0
    with (
        bench_of(home, files, time.monotonic() + 86_400, options.env) as bench,
        Runner(bench) as run,
    ):
        clean = run.run(None, 300)
        whole = {name: (origin / name).read_bytes() for name in tests}
        run.put(whole)
        full = {test for test, one in run.run(None, 300).items() if one.how == "passed"}
        for line in lines:
            fault = json.loads(line)
            edits = [Edit.read(raw) for raw in fault["edits"]]
            path = edits[0].file
            broken = edited((origin / path).read_bytes().decode(), edits).encode()
            run.put({path: broken})
            try:
                now = run.run(None, 60)
            except TestfleetError:
                continue
            failing = [
                test
                for test, one in now.items()
                if one.how == "failed" and (test not in clean or clean[test].how == "passed")
            ]
            if not failing:
                continue
            count += 1
            case = Case(package.name, fault["kind"], f"{path}:{fault['line']}", len(failing))
            case.fault = fault["edits"]
            (work / path).write_bytes(broken)
            try:
                _repair(work, options, case)
                _judge(run, case, origin, work, whole, full)
            finally:
                shutil.copy2(origin / path, work / path)
            yield case
            if count == args.sample:
                return


def _repair(work: Path, options: Options, case: Case) -> None:
    try:
        result = fix_typescript(work, options)
    except TestfleetError as exc:
        case.status, case.reason = "error", str(exc)
        return
    report = result.report
    case.status, case.reason = report.status.value, report.reason
    case.time_s, case.tried, case.template = report.time_s, report.candidates.tried, report.template
    case.share, case.patch = report.consensus, report.patch
    places = [f"{one.path}:{one.line}" for one in report.localisation]
    case.top = places.index(case.place) + 1 if case.place in places else 0
    if report.status is not FixStatus.FIXED and report.suggestions:
        case.patch, case.template = report.suggestions[0].patch, report.suggestions[0].template


def _judge(
    run: Runner, case: Case, origin: Path, work: Path, whole: Mapping[str, bytes], full: set[str]
) -> None:
    """All tests of the package with the first patch of the answer."""
    if not case.patch:
        return
    subprocess.run(["patch", "-p1", "-s", "-d", str(work)], input=case.patch.encode(), check=True)
    path = case.fault[0]["file"]
    changed = {path: (work / path).read_bytes()}
    for line in case.patch.splitlines():
        if line.startswith("+++ b/"):
            changed[line[6:]] = (work / line[6:]).read_bytes()
    run.put({**whole, **changed})
    try:
        now = run.run(None, 60)
        passed = {test for test, one in now.items() if one.how == "passed"}
    except TestfleetError:
        passed = set()
    right = full <= passed
    case.right, case.suggested_right = right and case.fixed, right and not case.fixed
    case.same = right and all(
        "".join(text.decode().split()) == "".join((origin / name).read_text("utf-8").split())
        for name, text in changed.items()
    )
    for name in changed:
        shutil.copy2(origin / name, work / name)


def _node(folder: Path, *args: str) -> str:
    node = shutil.which("node")
    if node is None:
        raise UsageError("no node on PATH", hint="install Node.js 20 or newer")
    command = [node, str(_PLANTER), str(folder), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(done.stderr.strip()[-400:])
    return done.stdout


def report(cases: Sequence[Case], *, held_out: bool) -> bool:
    """Print the figures; whether the precision that is asked for was reached."""
    print("  of                     cases  fixed  right  same  suggested right  top 1  top 5")
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.package].append(case)
        if not held_out:
            groups[f"  {case.kind}"].append(case)
    for title, ones in [*sorted(groups.items()), ("all", list(cases))]:
        shares = [
            sum(map(bool, marks)) / max(1, len(ones))
            for marks in (
                [one.fixed for one in ones],
                [one.right for one in ones],
                [one.same for one in ones],
                [one.suggested_right for one in ones],
                [one.top == 1 for one in ones],
                [0 < one.top <= 5 for one in ones],
            )
        ]
        print(f"  {title:24} {len(ones):4}", *(f"{share:6.0%}" for share in shares))
    fixed = [one for one in cases if one.fixed]
    precision = sum(one.right for one in fixed) / max(1, len(fixed))
    times = [one.time_s for one in cases] or [0.0]
    print(f"  of those called fixed {precision:.1%} are right, asked {PRECISE:.0%}:"
          f" {verdict(met=precision >= PRECISE)}")  # fmt: skip
    print(f"  time: median {statistics.median(times):.1f} s, longest {max(times):.1f} s")
    return precision >= PRECISE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=8, help="faults a package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=120.0, help="seconds a fault")
    parser.add_argument("--held-out", action="store_true", help="the packages nothing was tuned on")
    parser.add_argument("--package", action="append", default=[])
    parser.add_argument("--log", type=Path, default=CACHE / "cases.jsonl")
    parser.add_argument("--read", type=Path, action="append", help="report on logs, run nothing")
    args = parser.parse_args()
    if args.read:
        lines = [line for log in args.read for line in log.read_text("utf-8").splitlines()]
        cases = [Case(**json.loads(line)) for line in lines]
        return 0 if report(cases, held_out=args.held_out) else 1
    chosen = [one for one in packages() if one.held_out == args.held_out]
    if args.package:
        chosen = [one for one in packages() if one.name in args.package]
    print(f"JavaScript repair: {len(chosen)} packages, seed {args.seed}, load {describe_load()}")
    args.log.parent.mkdir(parents=True, exist_ok=True)
    cases = []
    with args.log.open("w", encoding="utf-8") as log:
        for package in chosen:
            for case in measure(package, args):
                cases.append(case)
                log.write(json.dumps(asdict(case)) + "\n")
                log.flush()
    return 0 if report(cases, held_out=args.held_out) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
