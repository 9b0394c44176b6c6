"""Who is asked, and in which order."""

from dataclasses import dataclass, field

from testfleet.contracts.failure import Cause, Domain
from testfleet.triage.classify import Answer, Chain, text_of
from testfleet.triage.evidence import extract
from testfleet.triage.text import read_log

TEXTS = ["E   fixture 'db' not found", "Killed", "No space left on device"]


@dataclass
class Fake:
    """A model that is so sure."""

    confidence: float | None
    model: str = "fake"
    asked: list = field(default_factory=list)

    def classify(self, failures):
        self.asked.extend(failures)
        if self.confidence is None:
            return [None for _ in failures]
        return [Answer(Domain.REACT, Cause.RENDER, self.confidence, self.model) for _ in failures]


def models_of(chain):
    return [found.model for found in chain.classify(TEXTS)]


def test_without_a_model_the_rules_speak():
    assert models_of(Chain()) == ["rules"] * 3


def test_a_model_that_is_sure_speaks_before_the_rules():
    found = Chain([Fake(0.9)]).classify(TEXTS)
    assert {(one.domain, one.cause, one.confidence) for one in found} == {("react", "render", 0.9)}


def test_the_first_model_that_is_sure_speaks():
    second = Fake(0.9, "second")
    assert models_of(Chain([Fake(0.3), second, Fake(0.9, "third")])) == ["second"] * 3


def test_a_model_that_is_down_or_unsure_passes_the_question_on():
    assert models_of(Chain([Fake(None), Fake(0.1)])) == ["rules"] * 3


def test_who_comes_later_is_not_asked_without_need():
    later = Fake(0.9)
    Chain([Fake(0.9), later]).classify(TEXTS)
    assert later.asked == []


def test_only_open_questions_are_passed_on():
    class Half(Fake):
        def classify(self, failures):
            return [None, *super().classify(failures)[1:]]

    second = Fake(0.9, "second")
    assert models_of(Chain([Half(0.9), second])) == ["second", "fake", "fake"]
    assert len(second.asked) == 1


def test_what_is_pinned_is_said_whatever_a_model_says():
    assert models_of(Chain([Fake(1.0)], pinned=Fake(0.0, "override"))) == ["override"] * 3


def test_answers_come_in_the_order_of_the_questions():
    causes = [found.cause.value for found in Chain().classify(TEXTS)]
    assert causes == ["other", "resource", "resource"]


def test_evidence_names_lines_of_the_input():
    found = Chain().classify(["a\nb\nValueError: c"])[0]
    assert [(line.line, line.text) for line in found.evidence][-1] == (3, "ValueError: c")


def test_a_model_gets_no_secret():
    lines = extract(read_log("Error: DB_PASSWORD=hunter2hunter2 is wrong"))
    assert "hunter2" not in text_of(lines)
