"""Repair of TypeScript compiler errors: planted single faults in real packages, beside a peer.

    python -m benchmarks.repair_typescript [--sample N] [--seed N] [--held-out] [--package NAME]

Each package of typescript_packages.toml is type-checked green; plant_typescript.mjs plants single
faults of the kinds that programmers make. A fault counts as fixed when the compiler is content
and the answer says `fixed`; as right when the JavaScript is that of the package before the fault.
The peer applies the first code fix that TypeScript's own language service offers, as an editor's
"quick fix" does, until nothing is left or nothing is offered.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import describe_load, guarded, verdict
from benchmarks.typescript_packages import CACHE, Package, materialise, packages
from testfleet.errors import UsageError
from testfleet.repair.typescript.model import Edit, edited
from testfleet.repair.typescript.rounds import Repaired, repair_all
from testfleet.repair.typescript.search import Limits, Searcher
from testfleet.repair.typescript.service import Service, ServiceError
from testfleet.repair.typescript.vote import THRESHOLD

ASKED: Final = 0.60
_PLANTER: Final = Path(__file__).with_name("plant_typescript.mjs")
_ENGINES: Final = ("tools", "rewrite")


@dataclass
class Case:
    """One planted fault and what became of it."""

    package: str
    kind: str
    place: str
    codes: list[int]
    green: bool = False
    fixed: bool = False
    right: bool = False
    same_text: bool = False
    share: float = 0.0
    time_s: float = 0.0
    tried: int = 0
    template: str = ""
    concerns: list[str] = field(default_factory=list)
    peer_green: bool = False
    peer_right: bool = False
    groups: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    message: str = ""


def plants(package: Package, count: int, seed: int) -> list[dict[str, Any]]:
    """Seeded faults of a package; kept, since making them takes the compiler a while."""
    store = CACHE / "plants" / f"{package.folder.name}-{package.version}-{seed}-{count}.jsonl"
    if not store.exists():
        store.parent.mkdir(parents=True, exist_ok=True)
        command = [_node(), str(_PLANTER), str(package.folder), str(count), str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UsageError(f"{package.name}: {done.stderr.strip()[-400:]}")
        store.write_text(done.stdout, "utf-8")
    return [json.loads(line) for line in store.read_text("utf-8").splitlines()]


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise UsageError("no node on PATH", hint="install Node.js 20 or newer")
    return node


def measure(package: Package, args: argparse.Namespace) -> Iterator[Case]:
    """Every sampled fault of one package."""
    folder = materialise(package)
    faults = plants(package, args.sample, args.seed)
    with Service(_node(), folder, "tsconfig.json") as service:
        for fault in faults:
            edits = [Edit.read(raw) for raw in fault["edits"]]
            service.keep(edits)
            place = f"{edits[0].file}:{fault['line']}"
            codes = sorted({one.code for one in service.complaints})
            case = Case(package.name, fault["kind"], place, codes)
            case.message = service.complaints[0].message.splitlines()[0]
            try:
                _repair(service, folder, edits, case, args)
                _peer(service, folder, edits, case)
            except ServiceError as exc:
                case.problem = str(exc)[:500]
                yield case
                return
            service.undo()
            yield case
        if service.faults:
            print(f"{package.name}: {service.faults[:3]}", file=sys.stderr)


def _repair(
    service: Service, folder: Path, fault: list[Edit], case: Case, args: argparse.Namespace
) -> None:
    began = time.monotonic()
    limits = Limits(began + args.budget, args.max_candidates)
    searcher = Searcher(service, args.engine, limits)
    found = repair_all(searcher, lambda one: one.groups)
    case.time_s, case.tried = time.monotonic() - began, limits.tried
    case.green = not found.left
    case.share, case.concerns = found.share, list(found.concerns)
    case.fixed = case.green and case.share >= THRESHOLD
    case.fixed = case.fixed and not any(group.is_grave for group in found.chosen)
    case.template = " + ".join(group.best.proposal.template for group in found.chosen)
    for _ in found.batches:
        service.undo()
    files = {one.file for batch in ([*found.batches, fault]) for one in batch}
    right, same = _compare(service, folder, fault, found.batches, sorted(files))
    case.right, case.same_text = right and case.green, same and case.green
    case.groups = _groups(service, folder, fault, found)


def _groups(
    service: Service, folder: Path, fault: list[Edit], found: Repaired
) -> list[dict[str, Any]]:
    """Every group of the first round, with whether it would have been right."""
    told = []
    for group in found.rounds[0].groups[:12] if found.rounds else ():
        best = group.best
        batches = [one for one in (found.rounds[0].before, best.proposal.edits) if one]
        files = sorted({one.file for batch in ([*batches, fault]) for one in batch})
        right, _ = _compare(service, folder, fault, batches, files)
        told.append(
            {
                "template": best.proposal.template,
                "prior": best.proposal.prior,
                "share": group.share,
                "gone": len(best.check.gone),
                "concern": best.proposal.concern,
                "right": right,
                "edits": [edit.plain() for edit in best.proposal.edits],
                "types": group.effect == "types",
                "members": len(group.members),
            }
        )
    return told


def _compare(
    service: Service,
    folder: Path,
    fault: Sequence[Edit],
    batches: Sequence[Sequence[Edit]],
    files: Sequence[str],
) -> tuple[bool, bool]:
    """Whether the JavaScript, and the text, are those of before the fault. In between the fault
    is kept."""
    for batch in batches:
        service.keep(batch)
    mended = service.scripts(files)
    for _ in batches:
        service.undo()
    service.undo()
    right = service.scripts(files) == mended
    service.keep(fault)
    texts = []
    for file in files:
        original = text = (folder / file).read_bytes().decode("utf-8")
        for batch in (fault, *batches):
            text = edited(text, [edit for edit in batch if edit.file == file])
        texts.append("".join(text.split()) == "".join(original.split()))
    return right, all(texts)


def _peer(service: Service, folder: Path, fault: list[Edit], case: Case) -> None:
    """The first code fix of the language service, again and again."""
    batches: list[tuple[Edit, ...]] = []
    most = 2 * len(service.complaints)
    while service.complaints and len(batches) < most:
        offers = service.proposals(0, ["tools"])
        if not offers:
            break
        service.keep(offers[0].edits)
        batches.append(offers[0].edits)
    case.peer_green = not service.complaints
    for _ in batches:
        service.undo()
    if case.peer_green:
        files = sorted({one.file for batch in ([*batches, fault]) for one in batch})
        case.peer_right, _ = _compare(service, folder, fault, batches, files)


def _share(cases: Sequence[Case], name: str) -> str:
    return f"{sum(bool(getattr(one, name)) for one in cases) / max(1, len(cases)):6.1%}"


def _print(title: str, cases: Sequence[Case]) -> None:
    columns = ("green", "fixed", "right", "same_text", "peer_green", "peer_right")
    print(f"  {title:32} {len(cases):4}", *(_share(cases, name) for name in columns))


def report(cases: Sequence[Case], *, held_out: bool) -> bool:
    """Print the figures; whether the share that is asked for was reached."""
    print("  of                               cases  green  fixed  right  same  peer: green right")
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_kind[case.kind].append(case)
    if not held_out:
        for kind, ones in sorted(by_kind.items()):
            _print(kind, ones)
    _print("all", cases)
    _print("all with one complaint's code", [one for one in cases if len(one.codes) == 1])
    fixed = [one for one in cases if one.fixed]
    share = len(fixed) / max(1, len(cases))
    right = sum(one.right for one in fixed) / max(1, len(fixed))
    times = sorted(one.time_s for one in cases) or [0.0]
    print(f"  of those called fixed {right:.1%} behave as before the fault")
    print(f"  time: median {statistics.median(times):.1f} s, longest {times[-1]:.1f} s")
    print(f"  fixed {share:.1%}, asked {ASKED:.0%}: {verdict(met=share >= ASKED)}")
    return share >= ASKED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=12, help="faults a package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds a fault")
    parser.add_argument("--max-candidates", type=int, default=1000)
    parser.add_argument("--held-out", action="store_true", help="the packages nothing was tuned on")
    parser.add_argument("--package", action="append", default=[])
    parser.add_argument("--engine", action="append", default=[])
    parser.add_argument("--log", type=Path, default=CACHE / "cases.jsonl")
    parser.add_argument("--read", type=Path, action="append", help="report on logs, run nothing")
    args = parser.parse_args()
    args.engine = args.engine or list(_ENGINES)
    if args.read:
        lines = [line for log in args.read for line in log.read_text("utf-8").splitlines()]
        return 0 if report([Case(**json.loads(line)) for line in lines], held_out=True) else 1
    chosen = [one for one in packages() if one.held_out == args.held_out]
    if args.package:
        chosen = [one for one in packages() if one.name in args.package]
    print(f"TypeScript repair: {len(chosen)} packages, seed {args.seed}, load {describe_load()}")
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
