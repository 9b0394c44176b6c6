"""How many pull requests of a repository were open, hour by hour."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from testfleet.errors import UsageError


class PullRequest(BaseModel):
    """When a pull request was opened and closed, of all that a code host says of it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    created_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    """None while it is open."""


_PULLS = TypeAdapter(list[PullRequest])


def pulls_url(api: str, repository: str) -> str:
    """Address of the hundred pull requests that were touched last, in GitHub's REST API."""
    name = quote(repository, safe="/")
    return f"{api}/repos/{name}/pulls?state=all&sort=updated&direction=desc&per_page=100"


def read_pulls(body: bytes) -> list[PullRequest]:
    """The pull requests in an answer. Raises UsageError for anything else."""
    try:
        return _PULLS.validate_json(body)
    except ValidationError as exc:
        raise UsageError(
            f"expected a list of pull requests with created_at and closed_at: "
            f"{exc.errors()[0]['msg']}",
            hint="does the address belong to GitHub's REST API?",
        ) from None


def open_at(pulls: Iterable[PullRequest], moments: Sequence[datetime]) -> list[int]:
    """How many were open at each of the moments."""
    known = list(pulls)
    opened = sorted(each.created_at for each in known)
    closed = sorted(each.closed_at for each in known if each.closed_at is not None)
    return [bisect_right(opened, at) - bisect_right(closed, at) for at in moments]
