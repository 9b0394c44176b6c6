"""What a code host tells: pushes and pull requests, read into the change that they announce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from testfleet.scm.github import CommitSha, RepositoryName

PULL_REQUEST_ACTIONS = ("opened", "reopened", "ready_for_review", "synchronize")
_NO_COMMIT = frozenset("0")


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("expected a time between the years 1 and 9999 in UTC") from None


_Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]


@dataclass(frozen=True)
class Change:
    """A commit whose tests shall run."""

    repository: str
    commit: str
    trusted: bool
    """False when somebody without the right to write to the repository may have made it."""
    occurred_at: datetime
    """When the code host saw it, by the signed body itself."""
    base: str | None = None
    """The commit that a pull request wants to change."""


@dataclass(frozen=True)
class Ignored:
    """An event that starts nothing, and why."""

    reason: str


class PayloadError(ValueError):
    """The body is not what its event announces. The text holds keys and rules, no values."""


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


_Model = TypeVar("_Model", bound=_Payload)


class _Repository(_Payload):
    full_name: RepositoryName
    pushed_at: _Moment | None = None


class _HeadCommit(_Payload):
    id: CommitSha
    timestamp: _Moment


class _Push(_Payload):
    ref: str
    after: CommitSha
    deleted: bool = False
    repository: _Repository
    head_commit: _HeadCommit | None = None


class _Side(_Payload):
    sha: CommitSha
    repo: _Repository | None


class _Base(_Payload):
    repo: _Repository
    sha: CommitSha | None = None


class _PullRequest(_Payload):
    draft: bool = False
    updated_at: _Moment
    head: _Side
    base: _Base


class _PullRequestEvent(_Payload):
    action: str
    pull_request: _PullRequest


def read_push(body: bytes, *, tags: bool = False) -> Change | Ignored:
    """The commit that a branch, or with `tags` a tag, now points to. Raises PayloadError.

    Its time is `repository.pushed_at`, the code host's own clock; `head_commit.timestamp` is the
    committer's and may be years old in an honest push, so it only stands in where that is missing.
    """
    push = _read(_Push, body)
    branch = push.ref.startswith("refs/heads/")
    if push.deleted or set(push.after) == _NO_COMMIT:
        return Ignored("a branch or tag was deleted")
    if not branch and not (tags and push.ref.startswith("refs/tags/")):
        return Ignored("neither a branch nor a kind of reference that starts runs here")
    head = push.head_commit
    moment = push.repository.pushed_at or (head.timestamp if head else None)
    if moment is None:
        raise PayloadError("repository.pushed_at, head_commit.timestamp: expected one of them")
    commit = head.id if head else push.after
    return Change(push.repository.full_name, commit, trusted=True, occurred_at=moment)


def read_pull_request(body: bytes) -> Change | Ignored:
    """The head of a pull request. Raises PayloadError.

    It is read from the base repository, which holds the heads of forks too: so one token is
    enough, and a fork that was deleted meanwhile can still be tested.
    """
    event = _read(_PullRequestEvent, body)
    request = event.pull_request
    if event.action not in PULL_REQUEST_ACTIONS:
        return Ignored(f"pull_request starts a run when {', '.join(PULL_REQUEST_ACTIONS)}")
    if request.draft:
        return Ignored("the pull request is a draft")
    base, head = request.base.repo.full_name, request.head
    trusted = head.repo is not None and head.repo.full_name.lower() == base.lower()
    return Change(base, head.sha, trusted, request.updated_at, request.base.sha)


def _read(model: type[_Model], body: bytes) -> _Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "body"
        more = f" (and {exc.error_count() - 1} more)" if exc.error_count() > 1 else ""
        raise PayloadError(f"{key}: {first['msg']}{more}") from None
