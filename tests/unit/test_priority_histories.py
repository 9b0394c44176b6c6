"""Reading CI histories, the broken ones too."""

from __future__ import annotations

import pytest

from testfleet.errors import UsageError
from testfleet.planning.priority.histories import CiHistory, read_history

HEADER = "cycle,test,duration_s,failed"


def read(*rows: str, header: str = HEADER) -> CiHistory:
    return read_history([header + "\n", *(row + "\n" for row in rows)])


def durations(history: CiHistory) -> list[list[float]]:
    return [cycle.durations.tolist() for cycle in history.cycles()]


def names_in(history: CiHistory) -> list[list[str]]:
    return [[history.names[test] for test in cycle.tests] for cycle in history.cycles()]


def test_cycles_run_in_the_order_of_their_numbers() -> None:
    assert names_in(read("10,c,1,0", "2,b,1,0", "1,a,1,0")) == [["a"], ["b"], ["c"]]


def test_cycles_without_numbers_run_in_the_order_of_the_file() -> None:
    assert names_in(read("fe1,b,1,0", "ab2,a,1,0", "fe1,c,1,0")) == [["b", "c"], ["a"]]


def test_within_a_cycle_the_order_of_the_file_tells_nothing() -> None:
    forth = read("1,t10,1,1", "1,t2,1,0", "1,t1,1,0")
    back = read("1,t1,1,0", "1,t2,1,0", "1,t10,1,1")
    assert names_in(forth) == names_in(back) == [["t1", "t2", "t10"]]


def test_the_same_test_twice_in_a_cycle_is_two_jobs() -> None:
    history = read("1,a,1,0", "1,a,2,1")
    assert [cycle.failed.tolist() for cycle in history.cycles()] == [[False, True]]


@pytest.mark.parametrize("broken", ["", "nan", "-1", "inf", "soon"])
def test_a_broken_duration_is_that_of_the_row_before(broken: str) -> None:
    history = read("1,a,3,0", f"2,a,{broken},0", f"1,b,{broken},0")
    assert durations(history) == [[3.0, 0.0], [3.0]]
    assert history.notes == ("2 rows without a duration took that of the row before",)


@pytest.mark.parametrize("row", [",a,1,0", "1,,1,0", "1,a,1,", "1,a,1,perhaps", "1,a"])
def test_a_row_that_says_too_little_is_left_out_and_counted(row: str) -> None:
    history = read("1,b,1,0", row)
    assert names_in(history) == [["b"]]
    assert history.notes == ("1 row without cycle, test or verdict left out",)


@pytest.mark.parametrize("word", ["1", "1.0", "true", "Failed", "error", " 2 "])
def test_words_for_failure(word: str) -> None:
    assert read(f"1,a,1,{word}").failed.tolist() == [True]


@pytest.mark.parametrize("word", ["0", "0.0", "FALSE", "passed", "skipped"])
def test_words_for_success(word: str) -> None:
    assert read(f"1,a,1,{word}").failed.tolist() == [False]


def test_columns_in_another_order_with_semicolons_and_a_byte_order_mark() -> None:
    history = read("0;7;x;1;2", header="\ufeffFailed;cycle;test;duration_s;last_run")
    assert names_in(history) == [["x"]]
    assert durations(history) == [[1.0]]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UsageError, match="no column duration_s, failed"):
        read("1,a", header="cycle,test")


@pytest.mark.parametrize("lines", [[], [HEADER], [HEADER + "\n", "1,a,1,\n"]])
def test_a_history_without_rows_is_refused(lines: list[str]) -> None:
    with pytest.raises(UsageError):
        read_history(lines)


def test_a_file_that_is_no_csv_is_refused() -> None:
    with pytest.raises(UsageError, match="no CSV"):
        read(f'1,"{"a" * 200_000}",1,0')


def test_of_a_file_that_is_something_else_only_a_little_is_shown() -> None:
    with pytest.raises(UsageError) as refused:
        read_history(["\x00\ufffd" * 200_000])
    assert len(str(refused.value)) < 500


def test_quoted_names_of_columns_are_understood() -> None:
    history = read('"1","a, b","2","1"', header='"cycle","test","duration_s","failed"')
    assert names_in(history) == [["a, b"]]
