"""Fitting: sparse logistic regressions, a conditional logit, and rounding to small whole numbers.

Needs numpy, scipy and scikit-learn (requirements-train.txt).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

LARGEST = 127


def vocabulary(texts: Iterable[Sequence[str]], least: int, most: int) -> dict[str, int]:
    """Words that stand in enough texts, the most frequent first."""
    counts = Counter(gram for text in texts for gram in text)
    kept = [gram for gram, count in counts.most_common(most) if count >= least]
    return {gram: at for at, gram in enumerate(kept)}


def rows(texts: Sequence[Iterable[str]], words: dict[str, int]) -> sp.csr_matrix:
    """Words of each text, each row of length 1."""
    places: list[int] = []
    starts = [0]
    for text in texts:
        places += [words[gram] for gram in text if gram in words]
        starts.append(len(places))
    counts = np.diff(starts)
    values = np.repeat(1 / np.sqrt(np.maximum(1, counts)), counts)
    return sp.csr_matrix((values, places, starts), shape=(len(texts), len(words)))


def logistic(
    words: sp.csr_matrix, facts: np.ndarray, labels: np.ndarray, strength: float
) -> LogisticRegression:
    """A regression on words and facts; classes that are rare count more."""
    names, counts = np.unique(labels, return_counts=True)
    share = dict(zip(names, 1 / np.sqrt(counts), strict=True))
    weight = np.array([share[label] for label in labels])
    weight *= len(weight) / weight.sum()
    both = sp.hstack([words, sp.csr_matrix(facts)]).tocsr()
    return LogisticRegression(C=strength, max_iter=100).fit(both, labels, sample_weight=weight)


def choice(
    features: sp.csr_matrix, logs: np.ndarray, right: np.ndarray, strength: float
) -> np.ndarray:
    """Weights of a conditional logit: of each log's blocks one that is right should win."""
    starts = np.flatnonzero(np.r_[True, logs[1:] != logs[:-1]])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        said = features @ weights
        total, slope = 0.0, np.zeros(len(said))
        for start, end in zip(starts, [*starts[1:], len(said)], strict=True):
            good = right[start:end]
            here = said[start:end]
            every, best = logsumexp(here), logsumexp(here[good])
            total += every - best
            slope[start:end] = np.exp(here - every)
            slope[start:end][good] -= np.exp(here[good] - best)
        keep = weights / strength
        return total + 0.5 * weights @ keep, features.T @ slope + keep

    begin = np.zeros(features.shape[1])
    return minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x


def rounded(column: np.ndarray) -> tuple[np.ndarray, float]:
    """Small whole numbers, and what one of them is worth."""
    most = float(np.abs(column).max()) or 1.0
    # The few largest are cut, so that the many small ones keep their differences.
    scale = min(most, float(np.quantile(np.abs(column), 0.9995)) or most) / LARGEST
    return np.clip(np.round(column / scale), -LARGEST, LARGEST).astype(int), scale
