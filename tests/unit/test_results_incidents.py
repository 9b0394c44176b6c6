"""Errors of the fleet, grouped by cause."""

import pytest

from testfleet.contracts.result import WorkerError, WorkerErrorType
from testfleet.results.incidents import MOST, incidents

LOST, INTERNAL = WorkerErrorType.WORKER_LOST, WorkerErrorType.INTERNAL


def messages(*told, kind=INTERNAL):
    return [found.message for found in incidents(WorkerError(type=kind, message=m) for m in told)]


def test_four_hundred_lines_of_one_cause_are_one_finding():
    told = [
        f"a worker left no result: RequestId: 1b2c3d4e-0000-4000-8000-{at:012x} Error: exited {at};"
        f" see /tmp/work/slot-{at}/log of r1-{at:04}"
        for at in range(400)
    ]
    (message,) = messages(*told)
    assert message == f"{told[0]} (400 times, with other details)"


def test_the_same_words_are_counted_and_other_words_are_another_cause():
    assert messages("a; b", "c; d", "a; b") == ["a; b (2 times)", "c; d"]


def test_types_are_kept_apart():
    errors = [WorkerError(type=kind, message="it; went") for kind in (LOST, INTERNAL)]
    assert [found.type for found in incidents(errors)] == [LOST, INTERNAL]


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (WorkerErrorType.TIMED_OUT, "; use more shards, or a profile with a longer time limit"),
        (WorkerErrorType.OUT_OF_MEMORY, "; set `memory_mb` of the suite, or a profile with more"),
        (INTERNAL, ""),
    ],
)
def test_what_to_do_is_said_where_the_message_does_not(kind, action):
    assert messages("gone", kind=kind)[0].startswith(f"gone{action}")
    assert messages("gone; run it again", kind=kind) == ["gone; run it again"]


def test_more_causes_than_anybody_reads_are_counted():
    found = messages(*(f"{'x' * (at + 1)};" for at in range(MOST + 7)))
    assert len(found) == MOST + 1
    assert found[-1] == "and 7 more errors of this type"


@pytest.mark.parametrize("piece", ["/a", "0", "f", "r1-", "/", "a-0-"])
def test_long_messages_are_compared_by_their_beginning(piece):
    assert len(messages(piece * 500_000 + "x;", piece * 500_000 + "y;")) == 1
