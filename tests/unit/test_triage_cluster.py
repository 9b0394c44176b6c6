"""Clusters: a partition by cause that the order of the failures does not change."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.cluster import adjusted_rand_index, by_testfleet
from benchmarks.made_failures import made_run
from testfleet.triage.clusters.cluster import cluster
from testfleet.triage.clusters.minhash import bands, jaccard
from testfleet.triage.fingerprints.fingerprint import FailureText

RUN = [each.failure for each in made_run(24, 200, seed=3)]


def shape(clusters):
    return [(each.id, [member.text.test for member in each.members]) for each in clusters]


@pytest.mark.parametrize("seed", range(3))
def test_causes_of_made_runs_are_found(seed):
    run = made_run(60, 900, seed)
    assert adjusted_rand_index([each.cause for each in run], by_testfleet(run)) >= 0.95


def test_four_hundred_red_tests_read_as_three_problems():
    assert len(cluster(each.failure for each in made_run(3, 400))) == 3


@settings(max_examples=10, deadline=None)
@given(st.permutations(RUN[:60]))
def test_the_order_of_the_failures_does_not_matter(failures):
    assert shape(cluster(failures)) == shape(cluster(RUN[:60]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=200)), max_size=20))
def test_every_failure_is_in_exactly_one_cluster(texts):
    failures = [FailureText(f"t{at}", "t.py", *each) for at, each in enumerate(texts)]
    members = [member.text for each in cluster(failures) for member in each.members]
    assert sorted(members, key=str) == sorted(failures, key=str)


def test_a_cluster_keeps_its_id_when_fewer_tests_fail():
    whole = {each.id for each in cluster(RUN)}
    assert {each.id for each in cluster(RUN[::2])} <= whole


def test_no_failures_are_no_clusters():
    assert cluster([]) == ()


def test_the_representative_is_a_member_and_the_counts_are_right():
    for each in cluster(RUN):
        told = each.as_contract()
        tests = {member.text.test for member in each.members}
        assert told.representative in tests
        assert told.count == len(each.members)
        assert told.files == len({member.text.file for member in each.members})


def test_words_that_are_values_on_one_line_do_not_split_a_cause():
    head = 'Traceback (most recent call last):\n  File "app/a.py", line 1, in f\n'
    stack = head + '    raise ValueError(f"{{who}} may not")\nValueError: {} may not'
    failures = [FailureText(name, "t.py", "", stack.format(name)) for name in ("ann", "bob lee")]
    assert len(cluster(failures)) == 1


def test_alike_sets_share_a_band_and_others_do_not():
    words = frozenset(f"w{number}" for number in range(40))
    nearly = (words - {"w0"}) | {"x"}
    assert jaccard(words, nearly) == pytest.approx(39 / 41)
    assert set(bands(words)) & set(bands(nearly))
    assert not set(bands(words)) & set(bands({f"v{number}" for number in range(40)}))


def test_the_index_is_one_for_the_same_partition_and_zero_for_one_lump():
    assert adjusted_rand_index("aabb", "xxyy") == 1.0
    assert adjusted_rand_index("aabb", "xxxx") == 0.0


def test_a_cause_outside_the_code_that_shows_everywhere_lies_nowhere():
    head = 'Traceback (most recent call last):\n  File "app/{}.py", line 1, in f\n    go()\n'
    end = "ConnectionRefusedError: [Errno 111] Connection refused"
    failures = [FailureText(name, "t.py", "", head.format(name) + end) for name in "ab"]
    assert [each.where for each in cluster(failures)] == [""]
    assert cluster(failures[:1])[0].where == "app/a.py:1, in f"


def test_messages_under_one_heading_are_not_one_cause():
    stacks = ("npm ERR! code ERESOLVE\nnpm ERR! peer react", "npm ERR! code ERESOLVE\nnpm ERR! vue")
    failures = [FailureText(text[-3:], "t", "npm ERR! code ERESOLVE", text) for text in stacks]
    assert len(cluster(failures)) == 2


def asserted(test, left, right):
    message = f"AssertionError: assert Money(cents={left}, currency='EUR') == Money({right})"
    stack = f"    assert price == Money({right})\nE   {message}\n{test}:15: AssertionError"
    return FailureText(f"{test}::test_price", test, message, stack)


def test_tests_that_compare_other_values_have_other_problems():
    one, other = asserted("test_a.py", 99, 495), asserted("test_b.py", 234, 235)
    assert len(cluster([one, other])) == 2
    assert len(cluster([one, asserted("test_b.py", 99, 495)])) == 1
