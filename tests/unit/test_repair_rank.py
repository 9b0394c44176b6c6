import json
from itertools import count, islice

import pytest

from testfleet.contracts.repair import Candidate, SuspiciousLine, TextEdit
from testfleet.repair.engine import FailingTest, Fault
from testfleet.repair.rank.features import Features4Fault
from testfleet.repair.rank.model import VERSION, Model, load
from testfleet.repair.rank.naturalness import Naturalness
from testfleet.repair.rank.order import AHEAD, order, order_by
from testfleet.repair.rank.profile import Profile, tokens

TEXT = "def low(items):\n    for item in items:\n        if item < 0:\n            return item\n"
FAULT = Fault(
    [FailingTest("t", "t.py", exception="TypeError")],
    [
        SuspiciousLine(path="a.py", line=3, score=1.0),
        SuspiciousLine(path="a.py", line=2, score=0.5),
    ],
    {"a.py": TEXT},
)


def candidate(text: str = "<=", *, prior: float = 0.5, template: str = "compare") -> Candidate:
    start = TEXT.index("<")
    edit = TextEdit(path="a.py", start=start, end=start + 1, text=text)
    return Candidate(
        engine="rewrite", template=template, edits=(edit,), path="a.py", line=3,
        suspiciousness=1.0, prior=prior,
    )  # fmt: skip


def test_without_a_model_what_engines_promise_decides():
    few, much = candidate(prior=0.1), candidate(prior=0.9)
    assert list(order_by([few, much], FAULT, None, AHEAD)) == [much, few]


def test_with_a_model_its_weights_decide():
    model = Model({"rewrite:good": 5.0, "log-prior": 1.0}, {})
    good, other = candidate(prior=0.1, template="good"), candidate(prior=0.9)
    assert list(order_by([other, good], FAULT, model, AHEAD)) == [good, other]


def test_only_a_little_more_than_asked_for_is_generated():
    asked = count()
    endless = (candidate(prior=1 / (2 + next(asked))) for _ in count())
    assert len(list(islice(order(endless, FAULT), 5))) == 5
    assert next(asked) <= AHEAD + 6


def test_nothing_is_lost_and_the_order_is_the_same_each_time():
    given = [candidate(text, prior=prior) for text in ("<=", ">", "==") for prior in (0.1, 0.5)]
    once, again = list(order(given, FAULT)), list(order(given, FAULT))
    assert once == again
    assert sorted(map(repr, once)) == sorted(map(repr, given))


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"version": 0, "weights": {}, "pairs": {}}',
     json.dumps({"version": VERSION, "weights": {"a": "much"}, "pairs": {}})],
)  # fmt: skip
def test_weights_that_cannot_be_read_are_none(tmp_path, content):
    path = tmp_path / "weights.json"
    path.write_text(content, "utf-8")
    assert load(path) is None


def test_the_weights_of_the_package_can_be_read():
    model = load()
    assert model is not None
    assert model.score({"log-prior": 1.0}) > 0


def test_a_change_is_seen_as_the_lines_that_it_touches():
    change = Profile(TEXT).change(candidate(">=").edits)
    assert (change.line, change.added_lines) == (3, 0)
    assert change.new == tokens("if item >= 0:")


def test_what_the_file_says_elsewhere_is_less_of_a_surprise():
    natural = Naturalness(Profile("a = seen(x)\nb = seen(y)\nc = other\n"), {}, frozenset())
    expected, strange = (natural.surprise([], tokens(text))[1] for text in ("seen(", "never("))
    assert expected < strange


def test_a_change_of_several_files_has_no_features():
    edits = (*candidate().edits, TextEdit(path="b.py", start=0, end=0, text="x"))
    both = candidate().model_copy(update={"edits": edits})
    assert Features4Fault(FAULT, {}, frozenset()).of(both) == {}
