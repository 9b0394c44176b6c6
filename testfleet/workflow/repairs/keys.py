"""Where everything of a repair lies in the data bucket."""

from __future__ import annotations

from dataclasses import dataclass


def fixes_key(history_key: str) -> str:
    """What is remembered of a suite's repairs."""
    return f"fixes/{history_key}.json"


@dataclass(frozen=True)
class RepairKeys:
    """The keys of one repair."""

    repair_id: str

    @property
    def prefix(self) -> str:
        """What all keys of the repair begin with."""
        return f"repairs/{self.repair_id}/"

    @property
    def request(self) -> str:
        """RepairRequest."""
        return f"{self.prefix}request.json"

    @property
    def items(self) -> str:
        """Input of the Map over clusters, one `{repair_id, cluster}` a line."""
        return f"{self.prefix}items.jsonl"

    @property
    def plans(self) -> str:
        """RepairPlan of every cluster, and who was left out."""
        return f"{self.prefix}plans.json"

    @property
    def cancel(self) -> str:
        """Present once the repair is cancelled."""
        return f"{self.prefix}cancel"

    @property
    def summary(self) -> str:
        """RepairSummary: the last thing that is written."""
        return f"{self.prefix}summary.json"

    def cluster(self, cluster: str) -> str:
        """What all keys of a cluster begin with."""
        return f"{self.prefix}clusters/{cluster}/"

    def verdict(self, cluster: str) -> str:
        """RepairVerdict."""
        return f"{self.cluster(cluster)}verdict.json"

    def files(self, cluster: str) -> str:
        """What a proved patch makes of the files, as a JSON list."""
        return f"{self.cluster(cluster)}files.json"

    def pull_request(self, cluster: str) -> str:
        """PullRequestDraft, where no code host takes it."""
        return f"{self.cluster(cluster)}pull-request.json"

    def found(self, cluster: str, turn: int) -> str:
        """Present once a slice of this round has found something: the others soon end. What it has
        found may be lost with it, and must not end the next round."""
        return f"{self.cluster(cluster)}found-{turn}"

    def task(self, cluster: str, name: str) -> str:
        """RepairTask."""
        return f"{self.cluster(cluster)}{name}/task.json"

    def result(self, cluster: str, name: str) -> str:
        """SliceResult."""
        return f"{self.cluster(cluster)}{name}/result.json"

    def progress(self, cluster: str, name: str) -> str:
        """What a worker says of its progress."""
        return f"{self.cluster(cluster)}{name}/progress.json"

    def log(self, cluster: str, name: str) -> str:
        """What the environment's set-up printed."""
        return f"{self.cluster(cluster)}{name}/log.txt"

    def loss(self, cluster: str, name: str) -> str:
        """WorkerErrors recorded in place of a result, as a JSON list."""
        return f"{self.cluster(cluster)}{name}/loss.json"
