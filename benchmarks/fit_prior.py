"""The learner's prior: weights that suit many projects, and how far projects differ from them.

    python -m benchmarks.fit_prior [FOLDER] [--made-up 60] [--write]

Fits the package's `prior_table` to made-up histories (`ci_histories`, seeds from 0)
and to the real ones of FOLDER (*.csv), which count WEIGHT_OF_REAL times. For each real history it
prints NAPFD with a prior that never saw it, beside the best simple ordering. `--write` then writes
the prior of all.

Recipe: (1) the features of each failing cycle with all verdicts told, and a first prior from those
of made-up histories alone; (2) with it, the features with only those verdicts told that its order
lets run, since of what it leaves out it knows less (DAgger: Ross, Gordon, Bagnell, AISTATS 2011);
(3) the means are the maximum a posteriori of one conditional logit over all projects, no
project counting more than MOST_OF_ONE cycles; (4) variances between projects follow by expectation-
maximisation around these means (empirical Bayes).
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.ci_histories import made_up
from testfleet.planning.priority import prior_table
from testfleet.planning.priority.histories import CiHistory, read_history
from testfleet.planning.priority.learner import choice_curvature, choice_shares, choice_target
from testfleet.planning.priority.napfd import Floats, napfd
from testfleet.planning.priority.prior import FEATURES, Prior
from testfleet.planning.priority.prioritiser import Prioritiser
from testfleet.planning.priority.replay import Feedback, Settings, replay

BUDGET = 0.5
WEIGHT_OF_REAL = 4.0
MOST_OF_ONE = 60.0
MOST_CYCLES = 40
RIDGE = 5.0
ROUNDS = 3
SMALLEST_SD = 0.05
TABLE_FILE = Path(prior_table.__file__)
FIRST = Prior((0.0,) * len(FEATURES), (30.0,) * len(FEATURES))


@dataclass(frozen=True)
class Choice:
    """One failing cycle as it looked before it ran."""

    features: Floats
    target: Floats
    told: float


Project = list[Choice]


def recorded(history: CiHistory, prior: Prior, feedback: Feedback) -> Project:
    """The failing cycles, with all verdicts as the target, as the learner meets them."""
    learner = Prioritiser(history.names, BUDGET, prior)
    choices = []
    for cycle in history.cycles():
        ran = np.arange(cycle.tests.size)
        if feedback is Feedback.EXECUTED:
            order = learner.order(cycle.tests)
            ran = napfd(order, cycle.durations, cycle.failed, BUDGET).ran
        if cycle.failed.any() and not cycle.failed.all():
            choices.append(Choice(learner.features(cycle.tests), *choice_target(cycle.failed)))
        learner.learn(cycle.tests, ran, cycle.failed[ran], cycle.durations[ran])
    if len(choices) > MOST_CYCLES:
        places = np.linspace(0, len(choices) - 1, MOST_CYCLES).astype(int)
        choices = [choices[place] for place in places]
    return choices


def best_weights(project: Sequence[Choice], means: Floats, precisions: Floats) -> Floats:
    """Maximum a posteriori by damped Newton steps."""
    weights, value = means.copy(), -np.inf
    step = np.zeros_like(means)
    for _ in range(60):
        moved = posterior(project, weights + step, means, precisions)
        if moved <= value:
            step = step / 3
            if np.abs(step).max() < 1e-6:
                break
            continue
        weights, gained, value = weights + step, moved - value, moved
        if gained < 1e-3:
            break
        step = newton(project, weights, means, precisions)
    return weights


def posterior(
    project: Sequence[Choice], weights: Floats, means: Floats, precisions: Floats
) -> float:
    value = -0.5 * float(precisions @ (weights - means) ** 2)
    for choice in project:
        shares = choice_shares(choice.features @ weights)
        value += choice.told * float(choice.target @ np.log(shares + 1e-300))
    return value


def newton(project: Sequence[Choice], weights: Floats, means: Floats, precisions: Floats) -> Floats:
    slope = precisions * (means - weights)
    for choice in project:
        shares = choice_shares(choice.features @ weights)
        slope = slope + choice.told * (choice.features.T @ (choice.target - shares))
    return np.linalg.solve(curvature(project, weights, precisions), slope)


def curvature(project: Sequence[Choice], weights: Floats, precisions: Floats) -> Floats:
    total = np.diag(precisions)
    for choice in project:
        shares = choice_shares(choice.features @ weights)
        total = total + choice.told * choice_curvature(shares, choice.features)
    return total


def pooled(projects: Sequence[Project], importance: Sequence[float]) -> Floats:
    """One set of weights for all projects."""
    choices: Project = []
    for project, weight in zip(projects, importance, strict=True):
        told = sum(choice.told for choice in project)
        scale = weight * min(1.0, MOST_OF_ONE / told) if told else 0.0
        choices += [Choice(c.features, c.target, c.told * scale) for c in project]
    size = len(FEATURES)
    return best_weights(choices, np.zeros(size), np.full(size, RIDGE))


def precisions_between(projects: Sequence[Project], means: Floats) -> Floats:
    """One over the variance of each weight between projects, by expectation-maximisation."""
    precisions = np.full(means.size, 30.0)
    for _ in range(ROUNDS):
        spread = []
        for project in (project for project in projects if len(project) >= 5):
            weights = best_weights(project, means, precisions)
            unsure = np.diag(np.linalg.inv(curvature(project, weights, precisions)))
            spread.append((weights - means) ** 2 + unsure)
        precisions = 1 / np.maximum(np.mean(spread, axis=0), SMALLEST_SD**2)
    return precisions


def fit(made: Sequence[Project], real: Sequence[Project] = ()) -> Prior:
    projects = [*made, *real]
    means = pooled(projects, [1.0] * len(made) + [WEIGHT_OF_REAL] * len(real))
    precisions = precisions_between(projects, means)
    return Prior(
        tuple(round(float(mean), 3) for mean in means),
        tuple(round(float(precision), 1) for precision in precisions),
    )


def report(name: str, history: CiHistory, prior: Prior) -> None:
    for feedback in Feedback:
        result = replay(history, Settings(BUDGET, feedback, prior=prior))
        means = result.napfd
        print(
            f"{name:24} {feedback:9} {means['learner']:.4f} {means[result.best_simple]:.4f}"
            f" {result.gain:+7.1%} {means['ceiling']:.4f} {result.best_simple}",
            flush=True,
        )


def write(prior: Prior, origin: str) -> None:
    """Put the numbers and where they come from into the package."""
    text = TABLE_FILE.read_text("utf-8")
    head, _, rest = text.partition("\nFrom ")
    start = rest[rest.index('.\n"""') : rest.index("    (")]
    rows = "".join(
        f'    ("{name}", {mean}, {precision}),\n'
        for name, mean, precision in zip(FEATURES, prior.means, prior.precisions, strict=True)
    )
    TABLE_FILE.write_text(f"{head}\nFrom {origin}{start}{rows})\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--made-up", type=int, default=60)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    invented = [made_up(seed) for seed in range(options.made_up)]
    paths = sorted(options.folder.glob("*.csv")) if options.folder else []
    real = [read_history(path.read_text("utf-8").splitlines()) for path in paths]
    told = [recorded(history, FIRST, Feedback.ALL) for history in [*invented, *real]]
    first = fit(told[: len(invented)])
    ran = [recorded(history, first, Feedback.EXECUTED) for history in [*invented, *real]]
    both = [one + other for one, other in zip(told, ran, strict=True)]
    made, met = both[: len(invented)], both[len(invented) :]
    print(f"{'history':24} {'told':9} learner  best     gain ceiling best simple ordering")
    for at, (path, history) in enumerate(zip(paths, real, strict=True)):
        report(path.name, history, fit(made, met[:at] + met[at + 1 :]))
    prior = fit(made, met)
    for name, mean, precision in zip(FEATURES, prior.means, prior.precisions, strict=True):
        print(f"{name:26} {mean:7.3f} +- {precision**-0.5:.3f}")
    if options.write:
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]
        write(prior, f"{options.made_up} made-up and {len(real)} real histories, {digest}")


if __name__ == "__main__":
    main()
