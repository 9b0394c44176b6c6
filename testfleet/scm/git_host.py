"""A bare repository on this machine as a code host: branches are pushed, requests are files.

<folder>/<name>.git           the bare repository, made when first wanted
<folder>/<name>.pulls/N.json  PullRequest number N
<folder>/<name>.pulls/N.md    its text, for a person
"""

from __future__ import annotations

import fcntl
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.contracts.pull_request import PullRequest, PullRequestDraft
from testfleet.errors import UsageError
from testfleet.scm.committing import Plumbing, commit_files
from testfleet.scm.git import run_git

MOST_BLAMED: Final = 200
"""Lines of one file."""
_IDENTITY: Final[Mapping[str, str]] = {
    "GIT_AUTHOR_NAME": "Testfleet",
    "GIT_AUTHOR_EMAIL": "testfleet@localhost",
    "GIT_COMMITTER_NAME": "Testfleet",
    "GIT_COMMITTER_EMAIL": "testfleet@localhost",
}
_QUIET: Final = ("-c", "core.hooksPath=/dev/null")
"""A hook is the user's, for what the user pushes."""
_MAIL: Final = re.compile(rb"^author-mail <(.+)>$", re.MULTILINE)


@dataclass(frozen=True)
class GitRemoteHost:
    """`root` is the user's repository, of which nothing but new objects changes."""

    root: Path
    folder: Path
    name: str
    """Of the bare repository: letters, digits, `_`, `-` and `.`."""

    @property
    def remote(self) -> Path:
        """The bare repository."""
        return self.folder / f"{self.name}.git"

    @property
    def pulls(self) -> Path:
        """Folder of its pull requests."""
        return self.folder / f"{self.name}.pulls"

    @property
    def prefix(self) -> str:
        """As git has it."""
        done = run_git(self.root, "rev-parse", "--show-prefix")
        return os.fsdecode(done.stdout).removesuffix("\n") if done.returncode == 0 else ""

    def read(self, path: str) -> bytes | None:
        """A file of the repository as HEAD has it."""
        done = run_git(self.root, "show", f"HEAD:{path}")
        return done.stdout if done.returncode == 0 else None

    def authors(self, path: str, lines: Sequence[int]) -> list[str]:
        """Addresses of those who wrote these lines last, by `git blame`."""
        ranges = [f"-L{line},{line}" for line in sorted(set(lines))[:MOST_BLAMED]]
        if not ranges:
            return []
        done = run_git(self.root, "blame", "--line-porcelain", *ranges, "HEAD", "--", path)
        if done.returncode != 0:
            return []
        found = Counter(os.fsdecode(mail) for mail in _MAIL.findall(done.stdout))
        return [mail for mail, _ in found.most_common() if mail != "not.committed.yet"]

    def open(self, draft: PullRequestDraft) -> PullRequest:
        """Push the branch and write the request down; the same draft is one request."""
        with self._locked():
            tip, tree = self._tip(draft.branch)
            known = self._known(draft.branch) if tip else None
            # Also when its base has moved on since: the branch is named by the patch.
            if known is not None and known.commit == tip:
                return known
            files = {file.path: file.contents for file in draft.files}
            base = draft.base or "HEAD"
            made = commit_files(self.root, files, draft.message, base, _IDENTITY)
            target = self._base_branch()
            if not tip:
                self._push(made.commit, draft.branch)
            elif known is not None or tree != made.tree:  # Somebody may have worked there.
                raise UsageError(
                    f"{self.remote} has a branch {draft.branch} already, and it is not this fix"
                    " alone",
                    hint="rename or delete it there",
                )
            # A branch without a record is of whoever was interrupted between the two.
            return self._write(draft, tip or made.commit, target)

    def _tip(self, branch: str) -> tuple[str, str]:
        """Commit and tree that the branch stands at; empty when there is none."""
        said = Plumbing(self.remote).run(
            "for-each-ref", "--format=%(objectname) %(tree)", f"refs/heads/{branch}"
        )
        commit, _, tree = said.partition(" ")
        return commit, tree

    def _known(self, branch: str) -> PullRequest | None:
        """The request that there is for the branch."""
        found = (PullRequest.model_validate_json(path.read_bytes()) for path in self._records())
        return next((pull for pull in found if pull.branch == branch), None)

    def _base_branch(self) -> str:
        """The branch that the user stands on, pushed as far as that takes nothing back."""
        done = run_git(self.root, "symbolic-ref", "--short", "HEAD")
        name = os.fsdecode(done.stdout).strip() if done.returncode == 0 else "main"
        run_git(
            self.root, *_QUIET, "push", "--quiet", "--no-verify", str(self.remote),
            f"HEAD:refs/heads/{name}",
        )  # fmt: skip
        return name

    def _push(self, commit: str, branch: str) -> None:
        git = Plumbing(self.root)
        target = f"{commit}:refs/heads/{branch}"
        git.run(*_QUIET, "push", "--quiet", "--no-verify", str(self.remote), target)

    def _write(self, draft: PullRequestDraft, commit: str, target: str) -> PullRequest:
        number = 1 + max((int(path.stem) for path in self._records()), default=0)
        text = self.pulls / f"{number}.md"
        pull = PullRequest(
            state="open",
            branch=draft.branch,
            commit=commit,
            base=target,
            number=number,
            address=str(text),
            title=draft.title,
            labels=draft.labels,
            reviewers=draft.reviewers,
        )
        text.write_text(_text(pull, draft), "utf-8")
        # Last: a request exists once it has a record.
        record = self.pulls / f"{number}.json"
        part = record.with_suffix(".part")
        part.write_text(pull.model_dump_json(indent=2), "utf-8")
        part.replace(record)
        return pull

    def _records(self) -> list[Path]:
        return [path for path in self.pulls.glob("*.json") if path.stem.isdecimal()]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time: two repairs of one run may end together."""
        self.pulls.mkdir(parents=True, exist_ok=True)
        with (self.pulls / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Each time: it does no harm, and the first may have been interrupted.
            Plumbing(self.folder).run("init", "--quiet", "--bare", str(self.remote))
            # A clone that holds a part of the history only can be pushed as well.
            Plumbing(self.remote).run("config", "receive.shallowUpdate", "true")
            yield


def _text(pull: PullRequest, draft: PullRequestDraft) -> str:
    return (
        f"# {pull.title}\n\n"
        f"Pull request {pull.number}: `{pull.branch}` into `{pull.base}`\n\n"
        f"Labels: {', '.join(pull.labels) or 'none'}\n\n"
        f"Reviewers: {', '.join(pull.reviewers) or 'none'}\n\n{draft.body}"
    )
