"""The process that reads and rewrites JavaScript and TypeScript on their syntax tree."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from testfleet.repair.javascript.process import NodeProcess
from testfleet.repair.typescript.home import CONFIG
from testfleet.repair.typescript.model import Edit, Proposal, plain_edits

_SCRIPT: Final = Path(__file__).parent / "node" / "writer.mjs"
_MEMORY_MB: Final = 4096
_LOAD_S: Final = 120.0
_ANSWER_S: Final = 60.0


@dataclass(frozen=True)
class Draft:
    """A change, with the line that it begins from."""

    proposal: Proposal
    line: int

    @property
    def file(self) -> str:
        """The file that it changes."""
        return self.proposal.edits[0].file


class Writer:
    """Questions about the files below a root, which are never written. Use it with `with`."""

    def __init__(self, node: str, root: Path, scratch: Path) -> None:
        command = (node, f"--max-old-space-size={_MEMORY_MB}", str(_SCRIPT))
        self._process = NodeProcess(command, root)
        self._root, self._scratch = root, scratch
        self.faults: list[str] = []
        """Families of rewrites that broke off: defects of ours, for tests and bug reports."""

    def __enter__(self) -> Self:
        self._process.start()
        self._process.ask("open", _ANSWER_S, root=str(self._root))
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.stop()

    def counted(
        self, files: Sequence[str], limit_ms: int
    ) -> dict[str, tuple[str, list[list[int]]]]:
        """Texts that note which statement is executed, and the lines of each of these; loops end
        as in `ended`."""
        question = {"files": list(files), "limit_ms": limit_ms}
        made = self._process.ask("counted", _ANSWER_S, **question)["files"]
        return {path: (one["text"], one["lines"]) for path, one in made.items()}

    def hooks(self, tests: Sequence[str], runner: str, report: Path) -> dict[str, str]:
        """Texts of test files that tell what each test has executed."""
        question = {"files": list(tests), "runner": runner, "report": str(report)}
        return dict(self._process.ask("hooks", _ANSWER_S, **question)["files"])

    def ended(self, files: Sequence[str], limit_ms: int) -> dict[str, bytes]:
        """Texts in which a loop ends by an exception after so much processor time."""
        question = {"files": list(files), "limit_ms": limit_ms}
        made: dict[str, str] = self._process.ask("ended", _ANSWER_S, **question)["files"]
        return {path: text.encode() for path, text in made.items()}

    def load(self, files: Sequence[str]) -> None:
        """From now on types are known, of these files and what they import."""
        config = self._scratch / CONFIG
        config.write_text(json.dumps(_config(self._root, files)), "utf-8")
        self._process.ask("load", _LOAD_S, config=str(config))

    def drafts(
        self, lines: Mapping[str, Sequence[tuple[int, float]]], hints: Mapping[str, str]
    ) -> list[Draft]:
        """Changes of these lines, the most promising first."""
        answer = self._process.ask("candidates", _LOAD_S, lines=lines, hints=hints)
        self.faults += answer["faults"]
        return [_draft(raw) for raw in answer["candidates"]]

    def check(self, edits: Sequence[Edit]) -> tuple[str, int]:
        """A digest of the JavaScript that comes of it, and the number of new complaints."""
        answer = self._process.ask("check", _LOAD_S, edits=plain_edits(edits))
        return str(answer["effect"]), int(answer["added"])

    def keep(self, edits: Sequence[Edit]) -> None:
        """From now on the files have these edits, in memory."""
        self._process.ask("keep", _LOAD_S, edits=plain_edits(edits))

    def guarded(self, edits: Sequence[Edit], limit_ms: int) -> dict[str, bytes] | None:
        """New contents, in which endless loops end; None when they are no program."""
        question = {"edits": plain_edits(edits), "limit_ms": limit_ms}
        return _contents(self._process.ask("guarded", _ANSWER_S, **question))

    def observed(self, edits: Sequence[Edit], limit_ms: int) -> dict[str, bytes] | None:
        """New contents that hand over the calls of the changed function; None when it cannot be
        called again."""
        question = {"edits": plain_edits(edits), "limit_ms": limit_ms}
        return _contents(self._process.ask("observed", _ANSWER_S, **question))

    def ending(self, tests: Sequence[str], runner: str, report: Path) -> dict[str, bytes]:
        """Test files that make these calls again in the end, and tell the answers in `report`."""
        question = {"files": list(tests), "runner": runner, "report": str(report)}
        made = self._process.ask("ending", _ANSWER_S, **question)["files"]
        return {path: text.encode() for path, text in made.items()}


def _contents(answer: Mapping[str, Any]) -> dict[str, bytes] | None:
    made: dict[str, str | None] = answer["files"]
    texts = {path: text for path, text in made.items() if text is not None}
    return (
        {path: text.encode() for path, text in texts.items()} if len(texts) == len(made) else None
    )


def _draft(raw: Mapping[str, Any]) -> Draft:
    more = {"engine": "rewrite", "concern": ""}
    return Draft(Proposal.read({**more, **raw}), int(raw["line"]))


def _config(root: Path, files: Sequence[str]) -> dict[str, Any]:
    """The project's own options, for some files, with JavaScript read but not judged."""
    options: dict[str, Any] = {
        "allowJs": True,
        "checkJs": False,
        "noEmit": True,
        "skipLibCheck": True,
    }
    off = {"composite": False, "incremental": False, "declaration": False, "rootDir": str(root)}
    made: dict[str, Any] = {"files": [str(root / path) for path in files], "include": []}
    if (root / CONFIG).is_file():
        made["extends"] = str(root / CONFIG)
    else:
        modern = {"target": "esnext", "module": "esnext", "moduleResolution": "bundler"}
        options |= {**modern, "jsx": "preserve", "strict": True}
    roots = {"typeRoots": [str(root / "node_modules" / "@types")]}
    return {**made, "compilerOptions": {**options, **off, **roots}}
