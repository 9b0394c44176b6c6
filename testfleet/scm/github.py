"""Names on a code host with GitHub's REST API. They go into addresses, so the rules are strict."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

GITHUB_API: Final = "https://api.github.com"

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+#@=-]*(/[A-Za-z0-9_][A-Za-z0-9_.+#@=-]*)*")
_REF_LENGTH = 200


def check_repository(value: str) -> str:
    """`owner/name` as it came in. Raises ValueError for anything else."""
    owner, slash, name = value.partition("/")
    if not (slash and _OWNER.fullmatch(owner) and _NAME.fullmatch(name)) or name in (".", ".."):
        raise ValueError("expected owner/name with letters, digits and . _ - only")
    return value


def check_sha(value: str) -> str:
    """A full commit id as it came in. Raises ValueError for anything else."""
    if not _SHA.fullmatch(value):
        raise ValueError("expected a full commit id: 40 or 64 lower-case hexadecimal digits")
    return value


def check_ref(value: str) -> str:
    """A branch or tag as it came in. Raises ValueError for what could bend an address."""
    if len(value) > _REF_LENGTH or ".." in value or not _REF.fullmatch(value):
        raise ValueError(
            f"expected a branch or tag of letters, digits and . _ - + # @ = / "
            f"(no `..`, at most {_REF_LENGTH} characters)"
        )
    return value


RepositoryName = Annotated[str, AfterValidator(check_repository)]
CommitSha = Annotated[str, AfterValidator(check_sha)]
Ref = Annotated[str, AfterValidator(check_ref)]


def tarball_url(api: str, repository: str, ref: str) -> str:
    """Address of the tar.gz of a commit, branch or tag. The parts must have been checked."""
    return f"{api.rstrip('/')}/repos/{repository}/tarball/{ref.replace('#', '%23')}"
