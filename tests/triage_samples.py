"""The failures of `triage_samples.txt`, as data."""

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True)
class Sample:
    """One failure and what it is."""

    id: str
    domain: str
    cause: str
    text: str


def samples() -> list[Sample]:
    """All of them, in the order of the file."""
    found = []
    for number, part in enumerate(FILE.read_text("utf-8").split("\n=== ")[1:], start=1):
        head, text = part.split("\n", 1)
        label, _, tool = head.partition(" ")
        domain, cause = label.split("/")
        found.append(Sample(f"{number:03} {cause} {tool}", domain, cause, text.rstrip("\n")))
    return found
