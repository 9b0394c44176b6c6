"""The rewrite engine: what each template proposes, and what holds for every candidate."""

from __future__ import annotations

import bisect
import colorsys
import fnmatch
import heapq
import textwrap
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from testfleet.contracts.repair import Candidate, SuspiciousLine
from testfleet.repair.engine import FailingTest, Fault
from testfleet.repair.rewrite import RewriteEngine
from testfleet.repair.rewrite.catalogue import templates
from testfleet.repair.rewrite.duplicates import apply_edits
from testfleet.repair.rewrite.place import Place
from testfleet.repair.rewrite.reading.hints import read_hints
from testfleet.repair.rewrite.reading.pool import Pool
from testfleet.repair.rewrite.reading.scope import Scope
from testfleet.repair.rewrite.reading.source import Edit, Source, parse
from testfleet.repair.rewrite.sites import sites, suspicious_statements
from tests.unit.rewrite_cases import CASES


def laid_out(text: str) -> str:
    lines = [(line, len(line) - len(line.lstrip(">"))) for line in text.split("|")]
    return "".join(f"{'    ' * level}{line[level:]}\n" for line, level in lines)


def fault(text: str, failure: str = "", path: str = "m.py") -> Fault:
    exception, _, message = failure.partition(": ")
    lines = [
        SuspiciousLine(path=path, line=number, score=0.9)
        for number in range(1, len(text.splitlines()) + 1)
    ]
    test = FailingTest(id="t::t", file="t.py", exception=exception, message=message)
    return Fault(tests=[test], lines=lines, sources={path: text})


def applied(text: str, candidate: Candidate) -> str:
    return apply_edits(text, [Edit(e.start, e.end, e.text) for e in candidate.edits])


def proposals(name: str, text: str, failure: str = "") -> set[str]:
    """All texts that one template makes of a file whose every line is suspicious."""
    source = Source("m.py", text)
    template = next(template for template in templates() if template.name == name)
    hints, pool = read_hints(fault(text, failure).tests), Pool(source)
    found = set()
    scores = dict.fromkeys(range(1, len(source.starts) + 1), 1.0)
    for statement, suspicion in suspicious_statements(source, scores).items():
        scope = Scope(source, source.function(statement))
        place = Place(source, statement, scope, pool, hints, suspicion.line, suspicion.score)
        for site in sites(source, statement, suspicion):
            if isinstance(site.node, template.on):
                drafts = template.drafts(site.node, place)
                found |= {apply_edits(text, draft.edits) for draft in drafts}
    return found


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_template_proposes_what_it_is_for(case: tuple[str, ...]) -> None:
    name, before, after, *failure = case
    assert laid_out(after) in proposals(name, laid_out(before), *failure)


# As in CASES: what templates propose where the surroundings ask for it.
SURROUNDINGS: Final = (
    (
        "undone",
        "def f(m, i):|>m[i] = True|>f(m, i + 1)|>print(m)",
        "def f(m, i):|>m[i] = True|>f(m, i + 1)|>m[i] = False|>print(m)",
    ),
    (
        "guard-around",
        "def f(b, r, c, n):|>for i in range(r - 1, r + 2):|>>for j in range(c - 1, c + 2):"
        "|>>>n += b[i][j]|>return n",
        "def f(b, r, c, n):|>for i in range(r - 1, r + 2):|>>for j in range(c - 1, c + 2):"
        "|>>>if (i, j) != (r, c):|>>>>n += b[i][j]|>return n",
    ),
    (
        "guard-around",
        "def f(g, x):|>for y in g[x]:|>>if y:|>>>z = f(g, y)|>>>return z",
        "def f(g, x):|>for y in g[x]:|>>if y:|>>>z = f(g, y)|>>>if z:|>>>>return z",
    ),
    (
        "returned-condition",
        "class A:|>def __init__(self):|>>self.done = False|>def f(self, x):|>>return x is not None",
        "class A:|>def __init__(self):|>>self.done = False|>def f(self, x):"
        "|>>return x is not None and x.done",
    ),
    (
        "more-operands",
        "def f(a):|>low, high = min(a), max(a)|>return [0] * (high + 1)",
        "def f(a):|>low, high = min(a), max(a)|>return [0] * (high - low + 1)",
    ),
    (
        "condition-part-more",
        "def f(d, k, n):|>new = n + 1|>if k not in d:|>>d[k] = new|>return d",
        "def f(d, k, n):|>new = n + 1|>if k not in d or new < d[k]:|>>d[k] = new|>return d",
    ),
    (
        "chosen",
        "def f(a, n):|>best = [float('inf')] * n|>return best[n]",
        "def f(a, n):|>best = [float('inf')] * n"
        "|>return best[n] if best[n] != float('inf') else -1",
    ),
    (
        "regrouped",
        "def f(n, c):|>return n + int(c) * 10",
        "def f(n, c):|>return n * 10 + int(c)",
    ),
    (
        "item-or-whole",
        "def f(a, b):|>a, b = b, a|>return max(a, b)",
        "def f(a, b):|>a, b = b, max(a, b)|>return max(a, b)",
    ),
    (
        "range-bounds",
        "def f(n, w):|>for i in range(w, n + 1):|>>print(i)",
        "def f(n, w):|>for i in range(n, w - 1, -1):|>>print(i)",
    ),
)


@pytest.mark.parametrize("case", SURROUNDINGS, ids=[case[0] for case in SURROUNDINGS])
def test_a_template_looks_around(case: tuple[str, ...]) -> None:
    name, before, after = case
    assert laid_out(after) in proposals(name, laid_out(before))


def test_what_a_statement_says_twice_is_changed_twice() -> None:
    text = "def f(a, p):\n    a[p:] = reversed(a[p:])\n    return a\n"
    made = {applied(text, each) for each in islice(RewriteEngine().candidates(fault(text)), 300)}
    assert text.replace("[p:]", "[p + 1:]") in made


def test_what_is_missing_is_copied_from_another_file_of_the_project() -> None:
    text = "def f(cart):\n    cart.total = 1\n    return cart\n"
    other = "def g(cart):\n    cart.check('all')\n    return cart\n"
    lines = [SuspiciousLine(path=p, line=n, score=1.0) for p in ("m.py", "n.py") for n in (2, 3)]
    found = RewriteEngine().candidates(Fault([], lines, {"m.py": text, "n.py": other}))
    made = {applied(text, each) for each in islice(found, 400) if each.path == "m.py"}
    assert text.replace("= 1\n", "= 1\n    cart.check('all')\n") in made


def test_every_template_has_a_case() -> None:
    assert {template.name for template in templates()} == {case[0] for case in CASES}


@pytest.mark.parametrize("module", [bisect, colorsys, fnmatch, heapq, textwrap])
def test_candidates_of_real_files_parse_differ_and_are_no_duplicates(module: ModuleType) -> None:
    text = Path(str(module.__file__)).read_text("utf-8")
    candidates = islice(RewriteEngine().candidates(fault(text)), 100)
    results = [applied(text, candidate) for candidate in candidates]
    assert len({text, *results}) == 101
    for result in results:
        parse(result)


SAMPLE = '''\
def shares(parts, total):
    """Größen in Anteilen."""
    found = {}
    for name, size in parts:  # «each»
        if size > 0:
            found[name] = size / total
    return found
'''


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_line_ends_tabs_and_other_characters_stay(newline: str, indent: str) -> None:
    def written(text: str) -> str:
        return text.replace("    ", indent).replace("\n", newline)

    plain = [applied(SAMPLE, c) for c in islice(RewriteEngine().candidates(fault(SAMPLE)), 400)]
    lines = fault(SAMPLE).lines
    given = Fault(tests=[], lines=lines, sources={"m.py": written(SAMPLE)})
    made = [applied(written(SAMPLE), c) for c in islice(RewriteEngine().candidates(given), 400)]
    assert made == [written(one) for one in plain]


def test_candidates_come_in_the_same_order_each_time() -> None:
    first = list(islice(RewriteEngine().candidates(fault(SAMPLE)), 300))
    assert first == list(islice(RewriteEngine().candidates(fault(SAMPLE)), 300))


def test_test_files_and_files_that_cannot_be_parsed_are_left_alone() -> None:
    sources = {"test_m.py": SAMPLE, "broken.py": "def f(:\n", "m.py": SAMPLE}
    lines = [SuspiciousLine(path=path, line=6, score=0.9) for path in sources]
    given = Fault(tests=[], lines=lines, sources=sources, test_files=frozenset({"test_m.py"}))
    found = islice(RewriteEngine().candidates(given), 500)
    assert {edit.path for candidate in found for edit in candidate.edits} == {"m.py"}


def test_a_more_suspicious_line_comes_first() -> None:
    scores = {5: 0.1, 6: 1.0}
    lines = [SuspiciousLine(path="m.py", line=n, score=score) for n, score in scores.items()]
    given = Fault(tests=[], lines=lines, sources={"m.py": SAMPLE})
    assert next(RewriteEngine().candidates(given)).line == 6


def test_what_the_interpreter_suggests_comes_first() -> None:
    text = "def f(value):\n    total = value\n    return totl\n"
    failure = "NameError: name 'totl' is not defined. Did you mean: 'total'?"
    first = next(RewriteEngine().candidates(fault(text, failure)))
    assert applied(text, first).endswith("return total\n")


STEPS = "def f(a, n):\n    a = a + 1\n    return a - n\n"


def test_a_second_edit_is_told_in_positions_of_the_original() -> None:
    engine, given = RewriteEngine(), fault(STEPS)
    first = next(c for c in engine.candidates(given) if "a + 2" in applied(STEPS, c))
    results = [applied(STEPS, c) for c in islice(engine.two_edits(first, given), 300)]
    assert "def f(a, n):\n    a = a + 2\n    return a + n\n" in results
    assert not {STEPS, applied(STEPS, first)} & set(results)
    for result in results:
        parse(result)


def test_two_edits_that_touch_become_one() -> None:
    engine, given = RewriteEngine(), fault(STEPS)
    first = next(c for c in engine.candidates(given) if "a - n + 1" in applied(STEPS, c))
    results = {applied(STEPS, c) for c in islice(engine.two_edits(first, given), 600)}
    assert "def f(a, n):\n    a = a + 1\n    return a - n - 1\n" in results


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "default-mapping",
            "def f():|>d = {}|>return d",
            "from collections import defaultdict|def f():|>d = defaultdict(list)|>return d",
        ),
        (
            "copied",
            "import copy|def f(a=[]):|>return a",
            "import copy|def f(a=[]):|>return copy.deepcopy(a)",
        ),
        (
            "moved-call",
            "import pandas as pd|def f(a, b):|>return a.append(b)",
            "import pandas as pd|def f(a, b):|>return pd.concat([a, b])",
        ),
    ],
)
def test_what_a_change_needs_is_imported(name: str, before: str, after: str) -> None:
    assert laid_out(after) in proposals(name, laid_out(before))


def test_a_statement_is_proposed_first_where_pass_stands() -> None:
    text = "def f(a):\n    n = 0\n    for x in a:\n        if x:\n            pass\n    return n\n"
    first = islice(RewriteEngine().candidates(fault(text)), 20)
    assert text.replace("pass", "n += 1") in {applied(text, candidate) for candidate in first}


def test_a_step_that_is_too_small_comes_first_when_a_test_hangs() -> None:
    text = "def f(low, high):\n    while low < high:\n        mid = high // 2\n        low = mid\n"
    failure = "Timeout: timed out after 2 s"
    first = islice(RewriteEngine().candidates(fault(text, failure)), 12)
    assert text.replace("low = mid\n", "low = mid + 1\n") in {applied(text, c) for c in first}
