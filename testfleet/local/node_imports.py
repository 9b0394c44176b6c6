"""Reads the imports of JavaScript and TypeScript with Node.js and the packages of package.json."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from testfleet.config import ROOT
from testfleet.planning.impact.imports.facts import Unknown
from testfleet.planning.impact.imports.scripts import NoScriptReader, ScriptImports

_SCRIPT: Final = Path(__file__).with_name("script_imports.mjs")
_TIME_LIMIT_S: Final = 120
_SETTINGS: Final = ("package.json", "*lock*", "tsconfig*.json", "jsconfig*.json")
_FORMAT: Final = 1
"""Raise it when the script answers otherwise than before."""


class NodeScriptReader:
    """Resolves as Node.js, TypeScript and bundlers do, by what lies below `root` on the disk.

    Answers are kept below `home` until a script or a setting changes. Without Node.js, or without
    its packages, every file is unknown, with that as the reason.
    """

    def __init__(self, root: Path, home: Path) -> None:
        self._root = root
        self._kept = home / "imports"

    def read(self, paths: Sequence[str]) -> Mapping[str, ScriptImports]:
        """The imports of these files of the tree."""
        if not paths:
            return {}
        mark = self._mark(paths)
        kept = self._load(mark)
        if kept is not None:
            return kept
        answer = self._ask(paths)
        if isinstance(answer, str):
            return NoScriptReader(f"JavaScript, which nobody here can read: {answer}").read(paths)
        self._save(mark, answer)
        return _imports(answer)

    def _ask(self, paths: Sequence[str]) -> dict[str, Any] | str:
        """What the script answers, or in words why it does not."""
        node = shutil.which("node")
        if node is None:
            return "no node on PATH"
        try:
            done = subprocess.run(
                [node, str(_SCRIPT)],
                input=json.dumps({"root": str(self._root), "files": list(paths)}),
                capture_output=True,
                text=True,
                check=False,
                timeout=_TIME_LIMIT_S,
                cwd=ROOT,
                env={key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"},
            )
        except subprocess.TimeoutExpired:
            return f"node took over {_TIME_LIMIT_S} s"
        except OSError as exc:
            return f"node does not start: {exc.strerror or exc}"
        if "ERR_MODULE_NOT_FOUND" in done.stderr:
            return "its packages are not installed, `npm ci` in Testfleet's folder does that"
        try:
            answer = json.loads(done.stdout)
            _imports(answer)
        except (ValueError, TypeError, KeyError, AttributeError):
            return f"node ended with {done.returncode}"
        return dict(answer)

    def _mark(self, paths: Sequence[str]) -> str:
        """Changes with every script, and with every setting that resolving depends on."""
        digest = hashlib.sha256(f"{_FORMAT}\0".encode())
        folders = {Path()}.union(*(Path(path).parents for path in paths))
        settings = (
            file.relative_to(self._root).as_posix()
            for folder in folders
            for pattern in _SETTINGS
            for file in (self._root / folder).glob(pattern)
        )
        for path in sorted({*paths, *settings}):
            try:
                content = (self._root / path).read_bytes()
            except OSError:
                content = b""
            digest.update(path.encode("utf-8", "surrogateescape"))
            digest.update(hashlib.sha256(content).digest())
        digest.update(str((self._root / "node_modules").exists()).encode())
        return digest.hexdigest()

    @property
    def _file(self) -> Path:
        name = hashlib.sha256(os.fsencode(self._root)).hexdigest()[:16]
        return self._kept / f"{name}-scripts.json"

    def _load(self, mark: str) -> Mapping[str, ScriptImports] | None:
        try:
            content = json.loads(self._file.read_bytes())
            return _imports(content["files"]) if content["mark"] == mark else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def _save(self, mark: str, answer: Mapping[str, Any]) -> None:
        draft = self._file.with_suffix(f".{os.getpid()}")
        try:
            self._kept.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"mark": mark, "files": answer}), "utf-8")
            draft.replace(self._file)
        except OSError:
            draft.unlink(missing_ok=True)  # Only speed is lost.


def _imports(answer: Mapping[str, Any]) -> dict[str, ScriptImports]:
    return {
        path: ScriptImports(
            targets=tuple(map(str, said["targets"])),
            missing=tuple(map(str, said["missing"])),
            unknown=tuple(Unknown(int(line), str(what)) for line, what in said["unknown"]),
        )
        for path, said in answer.items()
    }
