"""How well and how fast failures are classified, as short texts and inside whole logs.

    python -m benchmarks.classify FILE... [--rules-only] [--seed 1] [--logs 1] [--wrong]

A file holds lines of JSON with id, text, domain and cause, the true ones; or, as .txt, texts after
lines `=== domain/cause tool`. Every text is classified

    excerpts    as it is
    known logs  inside made CI logs of 60 to 5,000 lines, with the noise that the rules were made
                with (see failure_logs.py)
    new logs    inside logs of six other families of noise, which nothing was made or trained with
                (see failure_data/noise_held_out.txt)

    domain     share of right domains        cause     share of right causes
    macro-F1   of the causes, each the same  both      share of answers right in both labels
    ECE        expected calibration error of `both`, ten bins of equal width
    evidence   share of logs whose evidence has the failure: at least half of its filled lines, and
               one that says what failed (it is no stack frame)
    precision  share of evidence lines that belong to the failure
    per s      on one core, process time; p99 of single answers in ms

Targets: rules alone 90 % of domains on excerpts, the model 99 % and a macro-F1 of 0.95; in logs
95 % of domains, 0.88, and 97 % of evidence; 2,000 excerpts and 100 logs of 1,000 lines a second; a
log of 10 MB within 0.5 s.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.failure_data.compose import HERE, read_families
from benchmarks.failure_data.compose import make_log as compose
from benchmarks.failure_data.render import read_labelled
from benchmarks.failure_logs import MadeLog, make_log
from benchmarks.measure import describe_conditions
from testfleet.contracts.failure import Classification
from testfleet.triage.classify import Chain
from testfleet.triage.standard import standard_chain

BINS = 10


@dataclass(frozen=True)
class Failure:
    """One labelled text."""

    id: str
    text: str
    domain: str
    cause: str


@dataclass(frozen=True)
class Answered:
    """All answers to one form of the failures."""

    found: Sequence[Classification]
    seconds: Sequence[float]


def answers(chain: Chain, texts: Sequence[str]) -> Answered:
    found, seconds = [], []
    for text in texts:
        start = time.process_time()
        found += chain.classify([text])
        seconds.append(time.process_time() - start)
    return Answered(found, seconds)


def is_right(failure: Failure, found: Classification) -> bool:
    return failure.domain == found.domain.value and failure.cause == found.cause.value


def macro_f1(failures: Sequence[Failure], found: Sequence[Classification]) -> float:
    pairs = Counter((one.cause, two.cause.value) for one, two in zip(failures, found, strict=True))
    scores = []
    for cause in sorted({one.cause for one in failures}):
        hit = pairs[cause, cause]
        wanted = sum(count for (true, _), count in pairs.items() if true == cause)
        given = sum(count for (_, said), count in pairs.items() if said == cause)
        scores.append(2 * hit / (wanted + given))
    return sum(scores) / len(scores)


def calibration_error(failures: Sequence[Failure], found: Sequence[Classification]) -> float:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for failure, one in zip(failures, found, strict=True):
        at = min(int(one.confidence * BINS), BINS - 1)
        bins.setdefault(at, []).append((one.confidence, is_right(failure, one)))
    gaps = (abs(sum(c - right for c, right in members)) for members in bins.values())
    return sum(gaps) / len(failures)


def report(name: str, failures: Sequence[Failure], given: Answered) -> None:
    found, count = given.found, len(failures)
    pairs = list(zip(failures, found, strict=True))
    domain = sum(one.domain == two.domain.value for one, two in pairs) / count
    cause = sum(one.cause == two.cause.value for one, two in pairs) / count
    both = sum(is_right(one, two) for one, two in pairs) / count
    p99 = sorted(given.seconds)[min(count - 1, int(count * 0.99))] * 1_000
    print(
        f"{name:<10}{count:>7}{domain:>9.1%}{cause:>9.1%}{macro_f1(failures, found):>10.3f}"
        f"{both:>9.1%}{calibration_error(failures, found):>8.3f}"
        f"{count / sum(given.seconds):>10.0f}{p99:>9.1f}"
    )


def has_failure(log: MadeLog, text: str, found: Classification) -> bool:
    """Whether the evidence has the failure; see the module."""
    given = {line.line for line in found.evidence}
    filled = [
        (number, line)
        for number, line in enumerate(text.rstrip("\n").split("\n"), start=log.first)
        if line.strip()
    ]
    telling = [number for number, line in filled if not line.lstrip().startswith("at ")]
    held = sum(number in given for number, _ in filled)
    return held * 2 >= len(filled) and any(number in given for number in telling)


def precision(log: MadeLog, found: Classification) -> float:
    inside = sum(log.first <= line.line <= log.last for line in found.evidence)
    return inside / len(found.evidence) if found.evidence else 0.0


def measure(failures: Sequence[Failure], options: argparse.Namespace) -> None:
    chain = Chain() if options.rules_only else standard_chain()
    chain.classify([one.text for one in failures])  # patterns are compiled when first needed
    given = answers(chain, [one.text for one in failures])
    report("excerpts", failures, given)
    families = read_families(HERE / "noise_held_out.txt")
    measure_logs("known logs", make_log, (chain, failures, options))
    measure_logs(
        "new logs", lambda text, seed: compose(text, families, seed), (chain, failures, options)
    )


def measure_logs(
    name: str,
    make: Callable[[str, int], MadeLog],
    asked: tuple[Chain, Sequence[Failure], argparse.Namespace],
) -> None:
    chain, failures, options = asked
    many = [one for one in failures for _ in range(options.logs)]
    logs = [make(one.text, options.seed * 100_000 + at) for at, one in enumerate(many)]
    inside = answers(chain, [log.text for log in logs])
    report(name, many, inside)
    held = [
        has_failure(*each)
        for each in zip(logs, (one.text for one in many), inside.found, strict=True)
    ]
    exact = [precision(*each) for each in zip(logs, inside.found, strict=True)]
    lines = sum(log.text.count("\n") + 1 for log in logs)
    print(
        f"           evidence {sum(held) / len(held):.1%}, "
        f"precision {sum(exact) / len(exact):.1%}, {lines / sum(inside.seconds):,.0f} lines/s"
    )
    if options.wrong:
        show_wrong(many, logs, inside, held)


def show_wrong(
    failures: Sequence[Failure], logs: Sequence[MadeLog], given: Answered, held: Sequence[bool]
) -> None:
    for failure, log, found, has in zip(failures, logs, given.found, held, strict=True):
        if has and is_right(failure, found):
            continue
        print(f"\n--- {failure.id} in {log.style}, lines {log.first}-{log.last}, evidence {has}")
        print(f"    true {failure.domain}/{failure.cause}, said {found.domain}/{found.cause}")
        for line in found.evidence[:12]:
            print(f"    {line.line:>6} {line.text[:140]}")


def measure_huge(failures: Sequence[Failure], options: argparse.Namespace) -> None:
    log = make_log(failures[0].text, 1).text
    noise = make_log("", 2).text
    huge = (noise + "\n") * (10_000_000 // len(noise)) + log
    given = answers(Chain() if options.rules_only else standard_chain(), [huge])
    print(f"a log of {len(huge) / 1e6:.0f} MB: {given.seconds[0]:.2f} s")


def read(path: Path) -> list[Failure]:
    if path.suffix == ".txt":
        texts = enumerate(read_labelled(path))
        return [Failure(f"{at} {one.tool}", one.text, one.domain, one.cause) for at, one in texts]
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [Failure(str(row["id"]), row["text"], row["domain"], row["cause"]) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=int, default=1, help="made logs for each failure")
    parser.add_argument("--rules-only", action="store_true", help="ask no model")
    parser.add_argument("--wrong", action="store_true", help="show what was missed in logs")
    options = parser.parse_args()
    failures = [one for path in options.files for one in read(path)]
    print(describe_conditions())
    print("\n            count   domain    cause  macro-F1     both     ECE     per s   p99 ms")
    measure(failures, options)
    measure_huge(failures, options)


if __name__ == "__main__":
    main()
