"""Real TypeScript packages from the npm registry: published sources, type-checked green.

`python -m benchmarks.typescript_packages` fetches those of typescript_packages.toml into
benchmarks/.cache/typescript/ and installs what they import. An archive is used only when its
integrity is the one recorded. Sources come from the archive itself or from its source maps.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import posixpath
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import clean_environment

CACHE: Final = Path(__file__).parent / ".cache" / "typescript"
_TABLE: Final = Path(__file__).with_suffix(".toml")
_FETCH_S: Final = 120
_INSTALL_S: Final = 600
_CODE: Final = (".json", ".ts", ".tsx", ".mts", ".cts")
_LEFT_OUT: Final = re.compile(
    r"(^|/)(__\w+__|tests?|specs?|benchmarks?|examples?|fixtures?)/|[.-](test|spec|bench)\.|_test\."
)


@dataclass(frozen=True)
class Package:
    """One package of the table."""

    name: str
    version: str
    integrity: str
    held_out: bool
    sources: str
    """Folder of the archive that is taken; `maps` takes what its source maps contain."""
    requires: tuple[str, ...]
    options: tuple[tuple[str, Any], ...]
    """The compiler's options."""
    without: tuple[str, ...]
    """Paths of the sources that begin so are left out."""

    @property
    def folder(self) -> Path:
        """Where it lies, type-checked and with its dependencies."""
        return CACHE / "packages" / self.name.replace("/", "__")


def packages() -> list[Package]:
    """Those of the table, in its order."""
    table = tomllib.loads(_TABLE.read_text("utf-8"))
    return [
        Package(
            name,
            entry["version"],
            entry["integrity"],
            entry.get("held_out", False),
            entry.get("sources", "src"),
            tuple(entry.get("requires", ())),
            tuple(sorted((table["options"] | entry.get("options", {})).items())),
            tuple(entry.get("without", ())),
        )
        for name, entry in table["packages"].items()
    ]


def materialise(package: Package) -> Path:
    """Fetch, unpack, install. Raises SystemExit when the archive is another one than recorded."""
    folder = package.folder
    if (folder / ".ready").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    content_of = archive(package.name, package.version, package.integrity)
    for path, content in _sources(package, content_of):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    settings = {"compilerOptions": dict(package.options), "include": ["src"]}
    (folder / "tsconfig.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    (folder / "package.json").write_text(json.dumps({"name": package.name, "type": "module"}))
    install(folder, ["typescript@5.9.3", "@types/node@24.10.1", *package.requires])
    (folder / ".ready").touch()
    return folder


def archive(name: str, version: str, integrity: str) -> tarfile.TarFile:
    """A published archive. Raises SystemExit when it is another one than recorded."""
    store = CACHE / "archives" / f"{name.replace('/', '__')}-{version}.tgz"
    if not store.exists():
        store.parent.mkdir(parents=True, exist_ok=True)
        base = name.rsplit("/", 1)[-1]
        url = f"{_registry()}/{name}/-/{base}-{version}.tgz"
        with urllib.request.urlopen(url, timeout=_FETCH_S) as answer:
            store.write_bytes(answer.read())
    content = store.read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != integrity:
        sys.exit(f"{name} {version}: the archive's integrity is {found}")
    return tarfile.open(fileobj=io.BytesIO(content))


def _registry() -> str:
    command = ["npm", "config", "get", "registry"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return found.stdout.strip().rstrip("/")


def _sources(package: Package, archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Paths below `src/` and contents."""
    taken = _from_maps(archive) if package.sources == "maps" else _from_files(package, archive)
    for path, content in taken:
        named = path.startswith(package.without) if package.without else False
        if path.endswith(_CODE) and not named and not _LEFT_OUT.search(path):
            yield f"src/{path}", content


def _from_files(package: Package, archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        path = member.name.split("/", 1)[-1]
        content = archive.extractfile(member) if member.isfile() else None
        if content is not None and path.startswith(f"{package.sources}/"):
            yield path.removeprefix(f"{package.sources}/"), content.read()


def _from_maps(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """TypeScript that is embedded in source maps, from the folder `src` of the sources' paths."""
    seen: set[str] = set()
    for member in archive:
        content = archive.extractfile(member) if member.name.endswith(".map") else None
        if content is None:
            continue
        mapping = json.load(content)
        texts = mapping.get("sourcesContent") or ()
        for source, text in zip(mapping.get("sources", ()), texts, strict=False):
            path = posixpath.normpath(source).rsplit("src/", 1)[-1].lstrip("./")
            if text and path not in seen and "node_modules" not in source:
                seen.add(path)
                yield path, text.encode()


def install(folder: Path, requires: list[str]) -> None:
    """Put packages into its node_modules."""
    command = ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(
        [*command, "--no-save", "--legacy-peer-deps", *requires],
        cwd=folder,
        env=clean_environment(),
        check=True,
        timeout=_INSTALL_S,
    )


def errors(folder: Path) -> list[str]:
    """What the package's own compiler complains about."""
    tsc = folder / "node_modules" / ".bin" / "tsc"
    done = subprocess.run(
        [tsc, "--noEmit"], cwd=folder, capture_output=True, text=True, check=False
    )
    return [line for line in done.stdout.splitlines() if "error TS" in line]


def main() -> None:
    for package in packages():
        folder = materialise(package)
        found = errors(folder)
        print(f"{package.name} {package.version}: {len(found)} errors", *found[:3], sep="\n  ")


if __name__ == "__main__":
    main()
