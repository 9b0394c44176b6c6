"""`testfleet fix --pull-request`: the branch is proved once more, pushed, and a merge asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from testfleet.cli.console import say

if TYPE_CHECKING:
    from testfleet.contracts.pull_request import PullRequest
    from testfleet.repair.fix import FixResult
    from testfleet.repair.project import Project


def open_pull_request(
    root: Path, project: Project | None, result: FixResult, limit_s: float
) -> None:
    """Open it on the local code host. Raises UsageError when the whole suite on the branch speaks
    against the fix, or git refuses."""
    from testfleet.errors import UsageError
    from testfleet.repair.fleet.gate import against

    if project is None:
        raise UsageError(
            "--pull-request is for Python suites: no whole suite was run on the branch",
            hint="use --branch, and push that yourself",
        )
    problem = against(project, result.files, result.failed_before, limit_s)
    if problem:
        raise UsageError(
            f"no pull request was opened: {problem}",
            hint="the patch stands above; --branch commits it all the same",
        )
    pull = _open(root, result)
    asked = f", reviewers {', '.join(pull.reviewers)}" if pull.reviewers else ""
    say(f"pull request: {pull.branch}, {pull.address}{asked}")


def _open(root: Path, result: FixResult) -> PullRequest:
    from testfleet.cli.home import home
    from testfleet.repair.pull_request import Occasion, draft_pull_request
    from testfleet.scm.git_host import GitRemoteHost
    from testfleet.scm.working_tree import describe_head
    from testfleet.workflow.prepared import project_key

    name = project_key(describe_head(root).repository, str(root))
    host = GitRemoteHost(root, home().absolute() / "pulls", name)
    draft = draft_pull_request(result.report, result.files, Occasion(), host)
    return host.open(draft)
