"""Real test suites from source archives: fetched, verified, each with its virtual environment.

    python -m benchmarks.suites [NAME ...] [--verify]

prepares them below `benchmarks/.cache/`; `--verify` also runs each twice with plain pytest, once
with `-n 2 --dist loadfile`, and each file alone, and says whether all agree: only then the outcomes
are the suite's own, not those of an order. The table is `suites.toml`.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import guarded, run_timed
from benchmarks.outcomes import Recorded, differences, read_reportlog
from testfleet.config import ROOT
from testfleet.errors import UsageError

CACHE = ROOT / "benchmarks" / ".cache"
TABLE = Path(__file__).with_name("suites.toml")


@dataclass(frozen=True)
class Suite:
    """One suite of the table."""

    name: str
    version: str
    sha256: str
    requires: tuple[str, ...]
    """Pinned packages that its tests and this benchmark need beside the project itself."""
    pytest_ini: str | None
    """Written as `pytest.ini`, for an archive without a pytest configuration."""
    why: str
    """What it adds to the choice."""

    @property
    def folder(self) -> Path:
        """The unpacked archive, with `.venv` in it."""
        return CACHE / "suites" / f"{self.name}-{self.version}"

    @property
    def pytest(self) -> Path:
        """The suite's own pytest."""
        return self.folder / ".venv" / "bin" / "pytest"

    @property
    def mark(self) -> Path:
        """Holds what `folder` was made from, once it is complete."""
        return self.folder.with_name(f"{self.folder.name}.ready")


def load_suites(names: Iterable[str] = (), table: Path = TABLE) -> list[Suite]:
    """The named suites, or all. Raises UsageError for a name that the table lacks."""
    content = tomllib.loads(table.read_text("utf-8"))
    known = {
        name: Suite(
            name=name,
            version=entry["version"],
            sha256=entry["sha256"],
            requires=(*content["common"], *entry["requires"]),
            pytest_ini=entry.get("pytest_ini"),
            why=entry["why"],
        )
        for name, entry in content["suites"].items()
    }
    missing = [name for name in names if name not in known]
    if missing:
        raise UsageError(f"no suite {missing[0]!r}: {table.name} has {', '.join(known)}")
    return [known[name] for name in names or known]


def prepare(suite: Suite) -> None:
    """Make the suite's folder ready to run, unless it is. Raises UsageError when it cannot be."""
    recipe = f"{sys.version}\n{asdict(suite)}"
    if suite.mark.is_file() and suite.mark.read_text("utf-8") == recipe:
        return
    archive = fetch(suite)
    suite.mark.unlink(missing_ok=True)
    unpack(archive, suite.folder)
    if suite.pytest_ini is not None:
        (suite.folder / "pytest.ini").write_text(suite.pytest_ini, "utf-8")
    python = suite.folder / ".venv" / "bin" / "python"
    _run([sys.executable, "-m", "venv", "--without-pip", python.parents[1]])
    install("-e", suite.folder, *suite.requires, python=python)
    # A repository of its own, as a user's project is: else it would pass for a part of ours.
    _run(["git", "init", "--quiet", suite.folder])
    suite.mark.write_text(recipe, "utf-8")


def fetch(suite: Suite) -> Path:
    """The suite's source archive. Raises UsageError unless its SHA-256 is the pinned one."""
    folder = CACHE / "archives" / suite.name
    folder.mkdir(parents=True, exist_ok=True)
    archive = next(folder.glob(f"*-{suite.version}.tar.gz"), None)
    if archive is None:
        pin = folder / "requirement.txt"
        # With a hash pip checks the archive before it runs any of the code in it.
        pin.write_text(f"{suite.name}=={suite.version} --hash=sha256:{suite.sha256}\n", "utf-8")
        _pip("download", "--no-deps", "--no-binary", suite.name, "-d", folder, "-r", pin)
        archive = next(folder.glob(f"*-{suite.version}.tar.gz"))
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != suite.sha256:
        raise UsageError(
            f"{archive.name}: SHA-256 is {found}, {TABLE.name} has {suite.sha256}",
            hint=f"remove {archive} to fetch it again",
        )
    return archive


def unpack(archive: Path, folder: Path) -> None:
    """Replace `folder` by the one folder in the archive."""
    if folder.exists():
        _run(["rm", "-rf", folder])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as packed:
        top = packed.getnames()[0].split("/")[0]
        packed.extractall(folder.parent, filter="data")
    (folder.parent / top).rename(folder)


def install(*arguments: str | Path, python: str | Path = sys.executable) -> None:
    """Install with pip, for another interpreter if need be."""
    _pip("--python", python, "install", *arguments)


def _pip(*arguments: str | Path) -> None:
    _run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments])


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shown = " ".join(str(part) for part in command[:8])
        raise UsageError(f"{shown} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}")


def record(suite: Suite, label: str, *extra: str) -> Recorded:
    """Run plain pytest in the suite's environment and read what pytest-reportlog wrote."""
    folder = CACHE / "results"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{suite.name}-{label}.jsonl"
    log.unlink(missing_ok=True)
    run_timed([suite.pytest, f"--report-log={log}", *extra], suite.folder, log.with_suffix(".txt"))
    return read_reportlog(log)


def record_alone(suite: Suite, files: Iterable[str]) -> dict[str, str]:
    """Outcomes with a process for each file."""
    outcomes: dict[str, str] = {}
    for file in files:
        outcomes |= record(suite, "alone", file).outcomes
    return outcomes


def verify(suite: Suite) -> list[str]:
    """Every disagreement of plain pytest with itself."""
    first = record(suite, "plain").outcomes
    files = sorted({test.split("::")[0] for test in first})
    others = {
        "again": record(suite, "again").outcomes,
        "loadfile": record(suite, "loadfile", "-n2", "--dist=loadfile").outcomes,
        "each file alone": record_alone(suite, files),
    }
    return [
        f"{how}: {difference}"
        for how, outcomes in others.items()
        for difference in differences(first, outcomes.items())
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--verify", action="store_true", help="check that outcomes are stable")
    options = parser.parse_args()
    stable = True
    for suite in load_suites(options.names):
        prepare(suite)
        print(f"{suite.name} {suite.version}: {suite.why}", flush=True)
        if options.verify:
            unequal = verify(suite)
            print("".join(f"    {one}\n" for one in unequal[:10]), end="")
            print(
                f"    {len(unequal)} differences at home" if unequal else "    stable", flush=True
            )
            stable = stable and not unequal
    return 0 if stable else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
