"""The training corpus: real outputs, mined messages and rendered ones, without near-duplicates.

Two texts are near-duplicates when most of their runs of five words agree, numbers and quoted names
aside (MinHash: Broder, 1997). Of such only a few are kept, and none may lie on both sides of a
split: the split is by what was said, never at random over texts.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.failure_data.examples import Example
from benchmarks.failure_data.render import HERE, compiler, component, read_labelled, rendered

SAMPLES = HERE.parent.parent / "tests" / "triage_samples.txt"
COPIES = 8
LAYOUTS = 2
ALIKE = 3
"""Near-duplicates that are kept."""
_VARIABLE = re.compile(r"\d+|'[^'\n]{0,60}'|\"[^\"\n]{0,60}\"|`[^`\n]{0,60}`|/[\w./@-]+")
_HASHES = 8


@dataclass(frozen=True)
class Corpus:
    """Examples, and a hash by which they are known."""

    examples: Sequence[Example]
    dropped: int

    @property
    def digest(self) -> str:
        """SHA-256 of all texts and labels."""
        said = hashlib.sha256()
        for one in self.examples:
            said.update(f"{one.domain}/{one.cause}\n{one.text}\0".encode())
        return said.hexdigest()


def make_corpus(folder: Path, seed: int = 11) -> Corpus:
    """Everything there is: `folder` has what `real` and `mined` wrote."""
    dice = random.Random(seed)
    found = list(rendered(COPIES, seed))
    for one in _read(folder / "mined.jsonl"):
        wrap = compiler if one.domain == "typescript" else component
        found += [wrap(one, dice) for _ in range(LAYOUTS)]
    real = [one for one in _read(folder / "real.jsonl") if one.text.strip()]
    found += [cut for one in real for cut in (one, _core(one, dice))]
    found += list(read_labelled(SAMPLES)) * 2
    kept = list(without_copies(found))
    dice.shuffle(kept)
    return Corpus(kept, len(found) - len(kept))


def _core(example: Example, dice: random.Random) -> Example:
    """A part of a long report, as people paste it."""
    lines = example.text.strip("\n").split("\n")
    if len(lines) > 12:
        start = next(
            (at for at, line in enumerate(lines) if re.search(r"[Ee]rror|FAIL|●|Exception", line)),
            0,
        )
        lines = lines[start : start + dice.randrange(4, 16)]
    return Example(example.tool, example.domain, example.cause, "\n".join(lines))


def without_copies(examples: Iterable[Example]) -> Iterator[Example]:
    """At most a few of what reads alike."""
    seen: Counter[tuple[int, ...]] = Counter()
    for one in examples:
        bands = signature(one.text)
        if max(seen[band] for band in bands) < ALIKE:
            seen.update(bands)
            yield one


def signature(text: str) -> list[tuple[int, ...]]:
    """Bands of the MinHash; texts that share one are near-duplicates."""
    words = _VARIABLE.sub("#", text).lower().split()
    runs = {" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))}
    least = [min(_hash(run, seed) for run in runs) for seed in range(_HASHES)]
    return [(at, *least[at : at + 4]) for at in range(0, _HASHES, 4)]


def _hash(text: str, seed: int) -> int:
    return int.from_bytes(
        hashlib.blake2b(text.encode(), digest_size=8, salt=bytes([seed])).digest()
    )


def _read(path: Path) -> Iterator[Example]:
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            yield Example(**json.loads(line))


def is_held(example: Example) -> bool:
    """Whether an example stays out of training when settings are chosen: one message in six."""
    key = _VARIABLE.sub("#", example.text.strip().split("\n")[-1])[:40]
    return hashlib.sha256(key.encode()).digest()[0] % 6 == 0
