"""A pull request, as it is asked for and as a code host has it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from testfleet.contracts.base import SCHEMA_VERSION, Contract


class ChangedFile(Contract):
    """One file of a commit. Contents are bytes as Latin-1, which JSON keeps byte for byte."""

    path: str
    old: str
    new: str

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        parts = value.split("/")
        if (
            value.startswith("/")
            or "\0" in value
            or not all(parts)
            or {".", "..", ".git"} & {*parts}
        ):
            raise ValueError("expected a path inside the repository")
        return value

    @classmethod
    def of(cls, path: str, contents: tuple[bytes, bytes]) -> ChangedFile:
        """From (old, new) content."""
        old, new = contents
        return cls(path=path, old=old.decode("latin-1"), new=new.decode("latin-1"))

    @property
    def contents(self) -> tuple[bytes, bytes]:
        """Old and new content."""
        return self.old.encode("latin-1"), self.new.encode("latin-1")


class PullRequestDraft(Contract):
    """What is asked of a code host: a branch with one commit, and a request to merge it."""

    branch: str
    base: str | None = None
    """Commit that the branch begins at. None: the newest of the branch it is to be merged into."""
    title: str
    message: str
    """Of the commit."""
    body: str
    """Markdown: cause, evidence, proof, link to the run."""
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """As the code host knows them: `@name`, `@team/name` or an address."""
    files: tuple[ChangedFile, ...] = Field(min_length=1)


class PullRequest(Contract):
    """What came of it."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    state: Literal["open", "draft"]
    """`draft`: it is written down, and no code host has it."""
    branch: str
    commit: str = ""
    base: str = ""
    """Branch that it is to be merged into."""
    number: Annotated[int, Field(ge=0)] = 0
    address: str = ""
    """Where a person finds it."""
    title: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
