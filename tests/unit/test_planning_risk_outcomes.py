from __future__ import annotations

import pytest

from testfleet.errors import UsageError
from testfleet.planning.risk.outcomes import by_full_name, read_outcomes

A, B = "a" * 40, "b" * 40


def test_outcomes_are_read_by_commit_and_one_failure_counts() -> None:
    lines = ["commit,branch,failed", f"{A},main,0", f"{B[:8]},main,Passed", f"{A},main,failed"]

    assert read_outcomes(lines, "past.csv") == {A: True, B[:8]: False}


def test_abbreviated_commits_are_found_by_their_full_names() -> None:
    assert by_full_name({A[:7]: True, B: False, "c" * 9: True}, [A, B]) == {A: True, B: False}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "past.csv: no column 'commit', found no columns"),
        (["commits,failed"], "no column 'commit', found commits, failed"),
        (["commit,failed", "main,1"], "past.csv, line 2: 'main' is no commit"),
        (["commit,failed", f"{A},maybe"], "failed is 'maybe': expected one of 1, true"),
        (["commit,failed", A], "failed is ''"),
        (["commit,failed", f'{A},"1'], "not a CSV file"),
    ],
)
def test_a_wrong_table_is_told_with_its_line(lines: list[str], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_outcomes(lines, "past.csv")

    assert told in str(caught.value)
