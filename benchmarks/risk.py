"""Risk of changes: what learning is worth, beside the rules alone and the size of the change.

    python -m benchmarks.risk [--repositories 12] [--commits 600]

Claim: from the outcomes of past changes alone, scores come to rank changes better than the rules'
own weights and than their size, and never lose more than 0.01 AUC to the rules.

Repositories are made up, since no public history with changed files and outcomes was at hand. Each
has 200 files, of which a few are changed most often; some files are fragile, in which the features
are of no help but their past is; and true weights of its own, each between nothing and 2.5 times
the rules'. So what is measured is whether learning works where it could, not how good a score is
in the wild. Outcomes are drawn with a fixed seed. Judged is the second half of the commits, each by
what was known at most 20 commits before it. AUC is the chance that a change that broke a test is
ranked above one that did not, 0.5 being a coin; log loss is lower for better probabilities.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import describe_load, verdict
from testfleet.config import load_risk_rules
from testfleet.contracts.change import FileChange, FileStatus
from testfleet.planning.risk.features import FEATURES, Features, PathPast, Sorter
from testfleet.planning.risk.logistic import log_odds, probability
from testfleet.planning.risk.past import PastChange, study
from testfleet.planning.risk.score import rule_model

RULES = load_risk_rules()
LOSS = 0.01
STUDY_EVERY = 20
FOLDERS = ("api", "backend", "ui", "shop", "docs", "tests", "integrations", "migrations", "config")


@dataclass(frozen=True)
class Judged:
    """One change, its scores by each rule, and what came of it."""

    scores: dict[str, float]
    failed: bool


@dataclass(frozen=True)
class Repository:
    """Commits and outcomes."""

    commits: list[PastChange]
    outcomes: dict[str, bool]

    @classmethod
    def draw(cls, seed: int, count: int) -> Repository:
        """One repository, always the same for a seed."""
        chance = random.Random(seed)
        paths = [f"{FOLDERS[at % len(FOLDERS)]}/part{at % 7}/file{at}.py" for at in range(200)]
        popularity = [1.0 / (1 + at) for at in range(200)]
        chance.shuffle(popularity)
        fragility = {path: 2.5 * (chance.random() < 0.1) for path in paths}
        start, *rest = rule_model(RULES).means
        weights = [start + chance.uniform(-0.5, 1.5)]
        weights += [weight * chance.choice((0.0, 0.5, 1.0, 2.5)) for weight in rest]
        commits: list[PastChange] = []
        outcomes: dict[str, bool] = {}
        for at in range(count):
            chosen = chance.choices(paths, popularity, k=1 + int(chance.expovariate(0.4)))
            files = [_change(path, chance) for path in dict.fromkeys(chosen)]
            commits.append(PastChange(f"{at:040x}", at * 6 * 3600.0, files))
            vector = Features(tuple(Sorter(RULES).sort(files)), {}).vector()
            odds = math.fsum(w * x for w, x in zip(weights, vector, strict=True))
            odds += max(fragility[file.path] for file in files)
            outcomes[commits[-1].commit] = chance.random() < probability(odds)
        return cls(commits, outcomes)

    def judge(self) -> list[Judged]:
        """The second half, each commit by what was known some commits before it."""
        half = len(self.commits) // 2
        rules, sorter = rule_model(RULES), Sorter(RULES)
        found = []
        known = study([], {}, RULES)
        for at in range(half, len(self.commits)):
            commit = self.commits[at]
            if (at - half) % STUDY_EVERY == 0:
                known = study(self.commits[:at], self.outcomes, RULES, commit.at_s)
            files = tuple(sorter.sort(commit.files))
            bare, full = Features(files, {}), Features(files, known.past)
            plain = {path: PathPast(changes=past.changes) for path, past in known.past.items()}
            scores = {
                "size": bare.size,
                "rules": probability(log_odds(rules, Features(files, plain).vector())),
                "learnt": probability(log_odds(known.model, full.vector())),
            }
            found.append(Judged(scores, self.outcomes[commit.commit]))
        return found


def _change(path: str, chance: random.Random) -> FileChange:
    lines = int(chance.lognormvariate(2.5, 1.2))
    return FileChange(path=path, status=FileStatus.MODIFIED, added=lines)


def auc(judged: Sequence[Judged], name: str) -> float:
    """By rank; ties count half (Mann and Whitney)."""
    bad = [each.scores[name] for each in judged if each.failed]
    good = [each.scores[name] for each in judged if not each.failed]
    if not bad or not good:
        return 0.5
    wins = sum((b > g) + 0.5 * (b == g) for b in bad for g in good)
    return wins / (len(bad) * len(good))


def log_loss(judged: Sequence[Judged], name: str) -> float:
    chances = [(min(max(each.scores[name], 1e-6), 1 - 1e-6), each.failed) for each in judged]
    return -statistics.mean(math.log(p if failed else 1 - p) for p, failed in chances)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--repositories", type=int, default=12)
    parser.add_argument("--commits", type=int, default=600)
    args = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {describe_load()}")
    start = time.perf_counter()
    all_judged = [Repository.draw(at, args.commits).judge() for at in range(args.repositories)]
    print(f"{args.repositories} repositories of {args.commits} commits, {len(FEATURES)} features")
    print(f"\n{'score':<8} {'AUC':>6} {'worst':>6} {'log loss':>9}")
    found = {name: [auc(each, name) for each in all_judged] for name in ("size", "rules", "learnt")}
    for name, values in found.items():
        loss = statistics.mean(log_loss(each, name) for each in all_judged)
        told = f"{loss:>9.3f}" if name != "size" else f"{'':>9}"
        print(f"{name:<8} {statistics.mean(values):>6.3f} {min(values):>6.3f} {told}")
    pairs = list(zip(found["learnt"], found["rules"], strict=True))
    worst = min(learnt - rules for learnt, rules in pairs)
    met = statistics.mean(found["learnt"]) > max(
        statistics.mean(found["rules"]), statistics.mean(found["size"])
    )
    print(f"\nlearning wins on average: {verdict(met=met)}")
    print(f"at worst {worst:+.3f} AUC beside the rules: {verdict(met=worst >= -LOSS)}")
    print(f"{time.perf_counter() - start:.1f} s")
    return 0 if met and worst >= -LOSS else 1


if __name__ == "__main__":
    raise SystemExit(main())
