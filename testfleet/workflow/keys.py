"""Where everything of a run lies in the data bucket."""

from __future__ import annotations

from dataclasses import dataclass

OVERRIDES_KEY = "overrides/classes.json"
"""Classes that operators have pinned."""


def source_key(sha256: str) -> str:
    """A source archive, shared by all runs of the same tree."""
    return f"sources/{sha256}.tar.gz"


def environment_key(key: str) -> str:
    """A built environment, shared by all runs that need the same."""
    return f"environments/{key}.tar.gz"


def placement_key(history_key: str) -> str:
    """What a suite's shards have taught about profiles."""
    return f"placement/{history_key}.json"


def question_key(run_id: str) -> str:
    """Id of the question that a run has asked last."""
    return f"inference/classifier/current/{run_id}"


def clusters_key(history_key: str) -> str:
    """What is remembered of the causes of a suite's failures."""
    return f"clusters/{history_key}.json"


def coverage_key(history_key: str) -> str:
    """What a suite's files ran when their coverage was recorded."""
    return f"coverage/{history_key}.json.gz"


@dataclass(frozen=True)
class RunKeys:
    """The keys of one run."""

    run_id: str

    @property
    def prefix(self) -> str:
        """What all keys of the run begin with."""
        return f"runs/{self.run_id}/"

    @property
    def request(self) -> str:
        """RunRequest."""
        return f"{self.prefix}request.json"

    @property
    def prepared(self) -> str:
        """PreparedRun."""
        return f"{self.prefix}prepared.json"

    @property
    def rejection(self) -> str:
        """WorkerError of a run that goes no further."""
        return f"{self.prefix}rejection.json"

    @property
    def waiting(self) -> str:
        """Why the run had to wait for its quota, when it last asked."""
        return f"{self.prefix}waiting"

    @property
    def confirmation(self) -> str:
        """Shards that confirm failures, as a JSON list."""
        return f"{self.prefix}confirmation.json"

    @property
    def investigation(self) -> str:
        """Shards that look into failures which passed alone, as a JSON list."""
        return f"{self.prefix}investigation.json"

    @property
    def cancel(self) -> str:
        """Present once the run is cancelled; its text says by whom."""
        return f"{self.prefix}cancel"

    @property
    def resumptions(self) -> str:
        """How many rounds there were each time that somebody let the run go on, as a JSON list."""
        return f"{self.prefix}resumptions.json"

    @property
    def stop(self) -> str:
        """Present once a fail-fast run has seen a failure."""
        return f"{self.prefix}stop"

    @property
    def report(self) -> str:
        """RunReport: the last thing that is written, so its presence ends the run."""
        return f"{self.prefix}report.json"

    @property
    def junit(self) -> str:
        """The merged JUnit file."""
        return f"{self.prefix}report.xml"

    @property
    def shards(self) -> str:
        """What the keys of all shards begin with."""
        return f"{self.prefix}shards/"

    def plan(self, round_number: int) -> str:
        """Plan of one round; round 0 is the confirmation."""
        return f"{self.prefix}rounds/{round_number}/plan.json"

    def items(self, round_number: int) -> str:
        """Input of the round's Map, one ShardItem a line."""
        return f"{self.prefix}rounds/{round_number}/items.jsonl"

    def task(self, shard_id: str) -> str:
        """WorkerTask."""
        return f"{self.shards}{shard_id}/task.json"

    def result(self, shard_id: str) -> str:
        """ShardResult."""
        return f"{self.shards}{shard_id}/result.json"

    def partial(self, shard_id: str) -> str:
        """ShardResult so far, for when there is no other."""
        return f"{self.shards}{shard_id}/partial.json"

    def progress(self, shard_id: str) -> str:
        """Progress."""
        return f"{self.shards}{shard_id}/progress.json"

    def log(self, shard_id: str) -> str:
        """What the framework printed."""
        return f"{self.shards}{shard_id}/log.txt"

    def loss(self, shard_id: str) -> str:
        """WorkerError recorded in place of a result."""
        return f"{self.shards}{shard_id}/loss.json"


@dataclass(frozen=True)
class QuestionKeys:
    """The keys of one question to the classifier's endpoint: a run asks anew when resumed."""

    question_id: str

    @property
    def asked(self) -> str:
        """InferenceRequest."""
        return f"inference/classifier/input/{self.question_id}.json"

    @property
    def waiting(self) -> str:
        """The task token of the state that waits for the answer."""
        return f"inference/classifier/waiting/{self.question_id}"

    @property
    def answered(self) -> str:
        """Key of the InferenceResponse, once there is one."""
        return f"inference/classifier/answered/{self.question_id}"
