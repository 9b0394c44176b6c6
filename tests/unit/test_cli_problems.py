"""What a person reads first of a red run."""

import io

from rich.console import Console

from testfleet.cli.problems import print_problems
from testfleet.contracts.failure import FailureVerdict, FlakyCategory, Judgement
from testfleet.contracts.quarantine import QuarantineConfig
from tests.unit.test_triage_report import NOW, TESTS, run_report, triaged


def printed(**facts):
    text = io.StringIO()
    report = run_report(triaged(**facts))
    print_problems(Console(file=text, width=10_000), report)
    return text.getvalue()


def test_four_hundred_failures_read_as_three_problems():
    text = printed()
    assert text.strip().startswith("3 problems behind 400 failures\n")
    assert text.count("who acts: engine ") == 3 and "new in this run" in text


def test_a_named_polluter_is_told():
    judgement = Judgement(
        verdict=FailureVerdict.FLAKY, category=FlakyCategory.LEAK, polluter="t.py::test_x",
        reason="passes alone and fails after t.py::test_x",
    )  # fmt: skip
    text = printed(judgements={test.id: judgement for test in TESTS})
    assert "(400 flaky)" in text and "flaky, leak: passes alone and fails after" in text


def test_quarantine_names_owner_and_last_day():
    entries = [QuarantineConfig(test="*", owner="ann", until=NOW.date())]
    text = printed(quarantine=entries)
    assert "(400 in quarantine)" in text and f"quarantine: ann until {NOW.date()}" in text


def test_a_single_failure_is_named_beside_its_line():
    text = io.StringIO()
    report = run_report(triaged())
    changed = {
        "count": 1,
        "where": "t/test_a.py:7, in test_x",
        "representative": "t/test_a.py::test_x[1]",
    }
    one = report.clusters[0].model_copy(update=changed)
    print_problems(Console(file=text, width=999), report.model_copy(update={"clusters": (one,)}))
    assert "    t/test_a.py:7 · test_x[1]\n" in text.getvalue()


def test_a_hostile_title_stays_one_line_without_control_characters():
    text = io.StringIO()
    report = run_report(triaged())
    odd = report.clusters[0].model_copy(update={"title": "[red]a\x1b[2J\nb" + "x" * 999})
    report = report.model_copy(update={"clusters": (odd,)})
    print_problems(Console(file=text, width=10_000), report)
    assert "[red]a [2J b" in text.getvalue() and "\x1b" not in text.getvalue()
    assert max(map(len, text.getvalue().splitlines())) < 200
