"""`testfleet simulate` as a user types it: no fleet, no account, no emulator."""

import json
import math
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.cli.timeline import Bar, Timeline, svg, terminal_lines
from testfleet.config import load_environment
from testfleet.contracts.report import (
    Cost,
    RunReport,
    RunStatus,
    ShardReport,
    ShardStatus,
    TestReport,
    Totals,
)
from testfleet.contracts.result import Outcome
from testfleet.errors import IncompleteError, UsageError
from testfleet.planning.placement.place import Place
from testfleet.planning.simulation.limits import limits_of
from testfleet.planning.simulation.reports import replay_of
from testfleet.planning.simulation.simulator import simulate as run_scenario
from testfleet.planning.strategies import strategy_names


def a_report():
    """Three files on two shards that began 1 s apart: 3 s, and 1 s and 2 s."""
    begun = datetime(2026, 1, 1, tzinfo=UTC)

    def shard(name, units, start_s, end_s):
        return ShardReport(
            id=name, host="h", profile="local", units=units, status=ShardStatus.FINISHED,
            started_at=begun + timedelta(seconds=start_s),
            finished_at=begun + timedelta(seconds=end_s), attempts=1,
        )  # fmt: skip

    def test(file, seconds, of):
        return TestReport(
            id=f"{file}::test", file=file, outcome=Outcome.PASSED, duration_s=seconds, shard=of,
            attempts=1, message="", longrepr="",
        )  # fmt: skip

    return RunReport(
        run_id="r", repository="r", suite="s", mode="full", status=RunStatus.PASSED, commit=None,
        started_at=begun, finished_at=begun, wall_s=5, serial_s=6, lower_bound_s=3, workers=2,
        shards=(shard("r1-0000", ("a.py",), 0, 4), shard("r1-0001", ("b.py", "c.py"), 1, 5)),
        totals=Totals(passed=3), cost=Cost(usd=0, by_service={}),
        tests=(test("a.py", 3, "r1-0000"), test("b.py", 1, "r1-0001"), test("c.py", 2, "r1-0001")),
    )  # fmt: skip


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "durations.csv"
    rows = [f"tests/test_{at}.py,{1 + at % 7}" for at in range(40)]
    path.write_text("unit,duration_s\n" + "\n".join(rows), "utf-8")
    return path


def simulate(*args):
    done = CliRunner().invoke(app, ["simulate", *map(str, args)])
    if isinstance(done.exception, UsageError):
        raise done.exception
    return done


def simulated(*args):
    return json.loads(simulate(*args, "--json").stdout)


def test_json_has_the_plan_the_fleet_the_price_and_every_attempt(table):
    found = simulated("--durations", table, "--shards", 8)
    total = sum(1 + at % 7 for at in range(40))
    assert (found["units"], found["shards"], found["workers"]) == (40, 8, 8)
    assert found["lower_bound_s"] == total / 8
    assert found["plan_ratio"] == pytest.approx(
        found["plan_makespan_s"] / found["lower_bound_s"], abs=1e-5
    )
    assert found["makespan_s"] == max(each["end_s"] for each in found["timeline"])
    assert found["cost"]["usd"] == pytest.approx(
        sum(found["cost"]["by_service"].values()), abs=1e-5
    )
    ran = Counter(unit for each in found["timeline"] for unit in each["units"])
    assert ran == Counter(f"tests/test_{at}.py" for at in range(40))


def test_workers_stand_ready_unless_a_profile_is_named(table):
    found = simulated("--durations", table, "--shards", 8, "--faults", 0)
    assert found["makespan_s"] == found["plan_makespan_s"]
    assert found["ratio"] == found["plan_ratio"]


def test_what_the_fleet_adds_to_the_plan_is_its_start(table):
    found = simulated("--durations", table, "--shards", 8, "--profile", "lambda")
    assert found["makespan_s"] == pytest.approx(found["plan_makespan_s"] + 3)


@pytest.mark.parametrize("strategy", strategy_names())
def test_every_strategy_can_be_simulated(table, strategy):
    found = simulated("--durations", table, "--shards", 4, "--strategy", strategy)
    assert found["lost_units"] == 0
    assert found["ratio"] >= 1


def test_faults_are_repeated_on_the_fallback_and_cost_more(table):
    calm = simulated("--durations", table, "--shards", 8)
    rough = simulated("--durations", table, "--shards", 8, "--faults", 0.3, "--seed", 4)
    assert rough["lost"] > 0
    assert rough["attempts"] > 8
    assert rough["makespan_s"] > calm["makespan_s"]
    assert "fargate" in rough["cost"]["by_service"]


def test_the_same_seed_prints_the_same_bytes(table):
    args = ("--durations", table, "--faults", 0.3, "--seed", 5, "--json")
    assert simulate(*args).stdout == simulate(*args).stdout


def test_fewer_workers_than_shards_take_turns(table):
    found = simulated("--durations", table, "--shards", 8, "--workers", 2)
    assert found["peak_workers"] == 2
    assert found["lower_bound_s"] == sum(1 + at % 7 for at in range(40)) / 2


def test_a_deadline_and_a_budget_are_judged(table):
    args = ("--durations", table, "--shards", 2, "--workers", 2)
    found = simulated(*args, "--deadline", "20s")
    assert 0 < found["missed_deadlines"] < 40
    assert simulated(*args, "--deadline", "10m")["missed_deadlines"] == 0
    assert "exceeded" in simulate(*args, "--max-cost", 0.0001).stdout


def test_the_terminal_shows_numbers_lanes_and_reasons(table):
    text = simulate("--durations", table, "--shards", 3).stdout
    for word in ("makespan", "lower bound", "ratio", "utilisation", "cost", "lambda-0002", "█"):
        assert word in text
    assert "- 3 shards, as asked for" in text


def test_guessed_durations_are_told_on_standard_error(tmp_path):
    path = tmp_path / "durations.csv"
    path.write_text("unit,duration_s\na,1\nb,\nc,0\n", "utf-8")
    said = simulate("--durations", path).stderr
    assert "1 unit without a duration" in said
    assert "1 unit with a duration of 0" in said


def test_the_report_of_a_run_is_a_table_of_durations(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(a_report().model_dump_json(), "utf-8")
    found = simulated("--durations", path, "--shards", 2)
    assert (found["units"], found["total_s"], found["longest_s"]) == (3, 6.0, 3.0)


def test_json_that_is_no_report_is_refused_by_its_first_wrong_key(tmp_path):
    path = tmp_path / "report.json"
    path.write_text('{"tests": 3}', "utf-8")
    with pytest.raises(UsageError, match=r"report\.json: run_id"):
        simulate("--durations", path)


def test_many_units_are_written_as_one_line_of_json(tmp_path):
    path = tmp_path / "durations.csv"
    path.write_text("unit,duration_s\n" + "".join(f"u{at},1\n" for at in range(5000)), "utf-8")
    text = simulate("--durations", path, "--shards", 50, "--json").stdout
    assert text.count("\n") == 1
    assert sum(len(each["units"]) for each in json.loads(text)["timeline"]) == 5000


def test_the_timeline_is_well_formed_svg_whatever_units_are_called(tmp_path):
    path, image = tmp_path / "durations.csv", tmp_path / "timeline.svg"
    path.write_text('unit,duration_s\n<a>&"b",2\n\x01bell,1\n', "utf-8")
    simulate("--durations", path, "--shards", 2, "--timeline", image)
    root = ET.fromstring(image.read_text("utf-8"))
    told = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any("<a>&" in text for text in told)
    assert len(told) == 3


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--durations", "nowhere.csv"), "nowhere.csv: No such file"),
        (("--strategy", "nonesuch"), "no strategy 'nonesuch'"),
        (("--profile", "nonesuch"), "no worker profile 'nonesuch'"),
        (("--env", "nonesuch"), "no environment 'nonesuch'"),
        (("--timeline", "/nowhere/at/all.svg"), "No such file"),
    ],
)
def test_what_does_not_exist_is_named(table, args, message):
    with pytest.raises(UsageError, match=message):
        simulate("--durations", table, *args)


@pytest.mark.parametrize(
    "args",
    [
        ("--shards", "0"),
        ("--shards", "many"),
        ("--workers", "0"),
        ("--faults", "1.5"),
        ("--faults", "nan"),
        ("--faults", "-0.1"),
        ("--deadline", "soon"),
        ("--max-cost", "0"),
    ],
)
def test_options_out_of_range_are_usage_errors(table, args):
    assert simulate("--durations", table, *args).exit_code == 2


def table_of(tmp_path, *rows, header="unit,duration_s"):
    path = tmp_path / "t.csv"
    path.write_text("\n".join([header, *rows]), "utf-8")
    return path


def test_without_a_profile_no_time_limit_cuts_anything_off(tmp_path):
    path = table_of(tmp_path, "a,99999", "b,2000")
    found = simulated("--durations", path, "--shards", 2)
    assert (found["ratio"], found["timed_out"], found["shards"]) == (1.0, 0, 2)


def test_units_that_never_finish_have_no_ratio_and_end_with_code_3(tmp_path):
    path = table_of(tmp_path, "a,99999", "b,1")
    done = simulate("--durations", path, "--shards", 2, "--profile", "lambda", "--json")
    found = json.loads(done.stdout)
    assert (found["ratio"], found["lost_units"]) == (None, 1)
    assert isinstance(done.exception, IncompleteError)
    assert done.exception.exit_code == 3
    assert str(done.exception) == "1 unit never finished in the simulation: a"


def test_a_person_reads_not_finished_instead_of_a_ratio(tmp_path):
    path = table_of(tmp_path, "a,99999", "b,1")
    assert "not finished" in simulate("--durations", path, "--profile", "lambda").stdout


def test_losses_in_every_round_name_the_first_units(table):
    done = simulate("--durations", table, "--faults", 1)
    assert "40 units never finished in the simulation: tests/test_0.py, " in str(done.exception)
    assert str(done.exception).endswith("and 37 more")


def test_stages_make_more_shards_and_one_sentence_says_so(tmp_path):
    rows = ("a,5,b", "b,1,c", "c,5,", "d,5,", "e,5,d", "f,5,e")
    path = table_of(tmp_path, *rows, header="unit,duration_s,depends_on")
    found = simulated("--durations", path, "--shards", 3, "--strategy", "simple")
    assert found["shards"] == len({each["shard"] for each in found["timeline"]}) > 3
    assert found["reasons"][0].startswith(f"{found['shards']} shards planned, 3 asked for: depend")
    assert not any("as asked for" in reason for reason in found["reasons"])


def test_too_few_shards_for_the_time_limit_become_more_and_it_is_said(tmp_path):
    path = table_of(tmp_path, *(f"u{at},600" for at in range(10)))
    found = simulated("--durations", path, "--shards", 2, "--profile", "lambda")
    assert (found["shards"], found["workers"], found["timed_out"]) == (10, 2, 0)
    assert found["reasons"][0] == "10 shards instead of 2: a worker may hold 672 s of tests"


def test_no_reason_names_the_time_limit_of_workers_that_have_none(tmp_path):
    path = table_of(tmp_path, "a,1,4000", "b,1,", header="unit,duration_s,memory_mb")
    found = simulated("--durations", path, "--shards", 2)
    assert not any("00000000" in reason for reason in found["reasons"])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1e308,,", r"t\.csv: line 2, column duration_s: '1e308'"),
        ("a,1,1e12,", r"t\.csv: line 2, column memory_mb: 1000000000000 MB.*nearest is"),
        ("a,1,,gpu>=9", r"t\.csv: line 2, column requires: .*nearest is"),
    ],
)
def test_what_no_worker_can_hold_is_refused_with_line_and_column(tmp_path, row, message):
    path = table_of(tmp_path, row, header="unit,duration_s,memory_mb,requires")
    with pytest.raises(UsageError, match=message) as caught:
        simulate("--durations", path)
    assert "testfleet.toml" not in caught.value.hint


def test_a_report_with_an_endless_test_is_refused(tmp_path):
    path, report = tmp_path / "report.json", a_report()
    endless = report.tests[0].model_copy(update={"duration_s": 1e308})
    path.write_text(report.model_copy(update={"tests": (endless,)}).model_dump_json(), "utf-8")
    with pytest.raises(UsageError, match=r"tests of a\.py took"):
        simulate("--durations", path)


def test_a_table_is_needed():
    assert simulate().exit_code == 2


def test_a_replay_has_the_shards_of_the_run_and_the_time_that_it_really_took():
    local = load_environment("local")
    replay = replay_of(a_report(), Place.of(local), limits_of(local))
    assert replay.real_s == 5
    assert replay.scenario.assignment.shards == ((0,), (1, 2))
    assert run_scenario(replay.scenario).makespan_s == pytest.approx(3.6)


def test_a_run_that_lost_a_worker_cannot_be_replayed():
    local = load_environment("local")
    found = a_report()
    lost = found.shards[0].model_copy(update={"finished_at": None})
    with pytest.raises(UsageError, match="r1-0000 left no result"):
        replay_of(found.model_copy(update={"shards": (lost,)}), Place.of(local), limits_of(local))


def bar(lane, start_s, tests_s, end_s, *, is_whole=True):
    return Bar(lane, start_s, tests_s, end_s, is_whole, "r1-0000", ("a",))


def test_lanes_show_start_tests_idleness_and_losses():
    bars = [bar("lambda-0000", 0, 2, 10), bar("lambda-0001", 0, 2, 5, is_whole=False)]
    lines = list(terminal_lines(Timeline(bars, 10, 8), width=22))
    assert lines[0] == "lambda-0000 ░░████████"
    assert lines[1] == "lambda-0001 ░░▒▒▒·····"


def test_a_large_fleet_shows_its_first_lanes_and_counts_the_rest():
    bars = [bar(f"lambda-{at:04}", 0, 1, 2) for at in range(100)]
    lines = list(terminal_lines(Timeline(bars, 2, 1), width=80))
    assert any("and 76 more workers" in line for line in lines)
    assert math.ceil(len(svg(Timeline(bars, 2, 1), "t")) / 1000) < 100
