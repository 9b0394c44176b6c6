"""Runs whose files need each other, through all steps of run-tests."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.dependencies import blocked_by
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.report import RunStatus
from testfleet.contracts.result import (
    Host,
    Outcome,
    ShardResult,
    TestResult,
    UnitResult,
    UnitStatus,
)
from tests.workflow_scene import KEYS, NOW, RUN_ID, Scene

FAILED, PASSED = Outcome.FAILED, Outcome.PASSED
NEEDS = """
[[suites.default.depends]]
units = ["test_a.py"]
provides = ["a"]
[[suites.default.depends]]
units = ["test_b.py", "test_c.py"]
depends_on = ["a"]
[[suites.default.depends]]
units = ["test_d.py"]
depends_on = ["test_b.py"]
"""
LONG_S, SHORT_S = 100.0, 0.1


class Play:
    """Goes through the steps as the state machine does, with workers that do as told."""

    def __init__(self, tree, toml=NEEDS, seconds=LONG_S, **request):
        (tree / "testfleet.toml").write_text(toml)
        self.scene = Scene(tree, **request)
        self.failing, self.lost, self.flaky = set(), set(), set()
        self.seconds = seconds
        self.rounds = []

    def run(self):
        steps = self.scene.run
        steps.admit(), steps.fetch_source(), steps.prepare_environment()
        prepared = steps._records.prepared()
        past = {
            f"test_{n}.py": UnitHistory(duration_s=self.seconds, tests=1, runs=3) for n in "abcd"
        }
        self.scene.world.history.save(prepared.history_key, past)
        answer, number = steps.plan(), 1
        while True:
            while answer["shards"]:
                self.work(self.scene.tasks(answer))
                answer = steps.replan(number)
                number = answer["round"]
            answer = steps.aggregate()
            if answer["shards"]:
                for task in self.scene.tasks(answer):
                    self.confirm(task)
            if not answer["shards"] or not answer["blocked"]:
                steps.report()
                return self.scene.report()
            answer = steps.replan(answer["round"])
            number = answer["round"]

    def work(self, tasks):
        self.rounds.append(sorted(sorted(task.units) for task in tasks))
        for task in tasks:
            if not self.lost.intersection(task.units):
                failed = set()
                for unit in task.units:
                    if unit in self.failing and unit not in blocked_by(task.dependencies, failed):
                        failed.add(unit)
                self.put(task, failed, blocked_by(task.dependencies, failed))

    def put(self, task, failed, blocked):
        def outcome(unit):
            return FAILED if unit in failed else Outcome.SKIPPED if unit in blocked else PASSED

        tests = [
            TestResult(
                id=f"{unit}::test_a",
                file=unit,
                outcome=outcome(unit),
                duration_s=1.0,
                message=f"Skipped: blocked by {blocked[unit]} (failed)" if unit in blocked else "",
            )
            for unit in task.units
        ]
        self.save(task, tests, task.units)

    def confirm(self, task):
        tests = [
            TestResult(
                id=test,
                file=test.split("::")[0],
                outcome=PASSED if test.split("::")[0] in self.flaky else FAILED,
                duration_s=1.0,
            )
            for test in task.tests
        ]
        self.save(task, tests, ())

    def save(self, task, tests, units):
        result = ShardResult(
            run_id=RUN_ID,
            shard_id=task.shard_id,
            host=Host(kind="local", name="here", cpu_count=1, memory_mb=1),
            started_at=NOW,
            finished_at=NOW,
            attempts=1,
            units=tuple(
                UnitResult(id=unit, status=UnitStatus.FINISHED, tests=1, duration_s=1.0)
                for unit in units
            ),
            tests=tuple(tests),
        )
        self.scene.objects.put(KEYS.result(task.shard_id), result.model_dump_json().encode())


@pytest.fixture
def tree(tmp_path):
    for name in "abcd":
        (tmp_path / f"test_{name}.py").write_text("def test_a():\n    pass\n")
    return tmp_path


def messages(report):
    return {test.file: test.message for test in report.tests}


def outcomes(report):
    return {test.file: test.outcome.value for test in report.tests}


A, B, C, D = (f"test_{name}.py" for name in "abcd")


def test_each_stage_is_a_round(tree):
    play = Play(tree)
    report = play.run()
    # D needs B alone and C nothing of them: a chain shares a shard, for it gains nothing elsewhere.
    assert play.rounds == [[[A]], [[B, D], [C]]]
    assert report.status is RunStatus.PASSED
    assert report.totals.passed == 4


def test_what_is_quick_runs_in_one_shard_in_order(tree):
    play = Play(tree, seconds=SHORT_S)
    play.run()
    assert play.rounds == [[[A, B, C, D]]]


@pytest.mark.parametrize("seconds", [LONG_S, SHORT_S])
def test_what_needs_a_failed_file_is_blocked_through_others_too(tree, seconds):
    play = Play(tree, seconds=seconds)
    play.failing = {A}
    report = play.run()
    assert outcomes(report) == {A: "failed", B: "skipped", C: "skipped", D: "skipped"}
    assert {messages(report)[file] for file in (B, C, D)} == {"blocked by test_a.py (failed)"}
    assert "3 files not run: blocked by test_a.py (failed)" in report.notes
    assert report.status is RunStatus.FAILED
    assert (report.totals.failed, report.totals.skipped) == (1, 3)
    assert len(play.rounds) == 1


@pytest.mark.parametrize("seconds", [LONG_S, SHORT_S])
def test_what_needs_a_flaky_file_runs_after_all(tree, seconds):
    play = Play(tree, seconds=seconds)
    play.failing = play.flaky = {A}
    report = play.run()
    assert outcomes(report) == {A: "flaky", B: "passed", C: "passed", D: "passed"}
    assert report.status is RunStatus.PASSED
    assert len(play.rounds) == 2


def test_flaky_files_on_several_stages_each_let_the_next_run(tree):
    play = Play(tree)
    play.failing = play.flaky = {A, B}
    report = play.run()
    assert outcomes(report) == {A: "flaky", B: "flaky", C: "passed", D: "passed"}
    assert [shard.id for shard in report.shards][-1] == "r3-0000"


def test_what_needs_a_lost_file_waits_for_its_repeats_and_is_then_blocked(tree):
    play = Play(tree)
    play.lost = {A}
    report = play.run()
    most = play.scene.world.environment.fleet.max_rounds
    # What was lost twice runs alone, and the rest of the suite without it.
    assert play.rounds == [[[A]], [[A]], [[], [A]], *[[[A]]] * (most - 3)]
    assert outcomes(report) == {A: "lost", B: "skipped", C: "skipped", D: "skipped"}
    assert messages(report)[D] == "blocked by test_a.py (lost)"
    assert report.status is RunStatus.INCOMPLETE


def test_losses_are_counted_by_unit_and_not_by_stage(tree):
    play = Play(tree)
    play.lost = {B}
    report = play.run()
    most = play.scene.world.environment.fleet.max_rounds
    assert len(play.rounds) == 1 + most
    assert outcomes(report) == {A: "passed", B: "lost", C: "passed", D: "skipped"}
    assert messages(report)[D] == "blocked by test_b.py (lost)"


def test_blocked_files_teach_history_nothing(tree):
    play = Play(tree)
    play.failing = {A}
    play.run()
    (history,) = play.scene.world.history.suites.values()
    assert history[D].duration_s == LONG_S


def test_after_the_first_failure_of_a_fail_fast_run_no_stage_begins(tree):
    toml = '[[suites.default.depends]]\nunits = ["test_[cd].py"]\ndepends_on = ["test_a.py"]\n'
    play = Play(tree, toml, keep_going=False)
    play.failing = {B}
    play.scene.objects.put(KEYS.stop, b"")
    report = play.run()
    assert play.rounds == [[[A], [B]]]
    assert outcomes(report) == {A: "passed", B: "failed", C: "skipped", D: "skipped"}
    assert "--fail-fast" in messages(report)[C]
    assert report.status is RunStatus.FAILED


def test_a_cancelled_run_starts_no_stage_and_says_so(tree):
    play = Play(tree)
    play.scene.objects.put(KEYS.cancel, b"")
    report = play.run()
    assert play.rounds == [[[A]]]
    assert outcomes(report) == {A: "passed", B: "lost", C: "lost", D: "lost"}
    assert report.status is RunStatus.INCOMPLETE


def test_a_file_that_is_not_chosen_blocks_nothing(tree):
    play = Play(tree, framework_args=(C, D))
    report = play.run()
    assert play.rounds == [[[C], [D]]]
    assert report.status is RunStatus.PASSED


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        (
            NEEDS.replace('"test_b.py"]\n', '"test_x.py"]\n', 1),
            ["depends.2.depends_on", "test_x.py"],
        ),
        (
            NEEDS.replace('depends_on = ["a"]', 'depends_on = ["b"]'),
            ["depends.1.depends_on", "'b'"],
        ),
        (NEEDS.replace('units = ["test_a.py"]', 'units = ["db/*"]'), ["depends.0.units", "db/*"]),
        (
            NEEDS.replace('provides = ["a"]', 'provides = ["a"]\ndepends_on = ["test_d.py"]'),
            ["depends.0", "test_a.py -> test_d.py -> test_b.py -> test_a.py"],
        ),
        (NEEDS.replace('provides = ["a"]', ""), ["depends.0", "depends_on"]),
        (NEEDS.replace('provides = ["a"]', 'provides = ["a/b"]'), ["depends.0.provides", "a/b"]),
        (NEEDS.replace("depends_on", "dependson", 1), ["depends.1.dependson", "unknown key"]),
    ],
)
def test_wrong_dependencies_reject_the_run_with_file_and_key(tree, toml, words):
    (tree / "testfleet.toml").write_text(toml)
    scene = Scene(tree)
    answers = [scene.run.admit(), scene.run.fetch_source()]
    if answers[-1]["admitted"]:
        answers += [scene.run.prepare_environment(), scene.run.plan()]
    assert answers[-1]["admitted"] is False
    scene.run.report()
    (error,) = scene.report().errors
    for word in ["testfleet.toml", "suites.default", *words]:
        assert word in error.message


FILES = (A, B, C, D)


@st.composite
def needs(draw):
    """By file those before it that it needs."""
    return {
        name: sorted(draw(st.sets(st.sampled_from(FILES[:at]), max_size=2))) if at else []
        for at, name in enumerate(FILES)
    }


def expected(wanted, play):
    """What the rules say of each file."""
    found = {}
    for name in FILES:
        if any(found[other] in ("failed", "lost", "skipped") for other in wanted[name]):
            found[name] = "skipped"
        elif name in play.lost:
            found[name] = "lost"
        elif name in play.failing:
            found[name] = "flaky" if name in play.flaky else "failed"
        else:
            found[name] = "passed"
    return found


@settings(max_examples=40, deadline=None)
@given(needs(), st.data())
def test_whatever_happens_the_report_tells_what_the_rules_say(tmp_path_factory, wanted, data):
    tree = tmp_path_factory.mktemp("any")
    for name in FILES:
        (tree / name).write_text("def test_a(): pass\n")
    toml = "".join(
        f"[[suites.default.depends]]\nunits = ['{name}']\ndepends_on = {others}\n"
        for name, others in wanted.items()
        if others
    )
    play = Play(tree, toml, data.draw(st.sampled_from([LONG_S, SHORT_S])))
    some = st.sets(st.sampled_from(FILES), max_size=2)
    play.failing, play.flaky = data.draw(some), data.draw(some)
    play.lost = data.draw(st.sets(st.sampled_from(FILES), max_size=1)) - play.failing
    report = play.run()
    assert outcomes(report) == expected(wanted, play)
    assert len(report.tests) == len(FILES)
