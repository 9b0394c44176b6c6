"""The HTML report: one page, whole, harmless whatever tests call themselves."""

import base64
import hashlib
import json
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.report import ShardReport, ShardStatus
from testfleet.contracts.result import Outcome
from testfleet.results.html.page import html_page
from testfleet.results.html.text import plain
from testfleet.results.html.timeline import lanes_of, tick_step
from tests.unit.test_triage_report import NOW, TESTS, run_report, triaged

EVIL = "t.py::</script><img src=x onerror=alert(1)><!-- \u202egnp.exe\x00\x1b[31m\ud800"


class Page(HTMLParser):
    """Elements with their attributes, and what stands in script, style and the rest."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.inside, self.inner, self.text = [], [], [], ""
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.inside.pop()

    def handle_data(self, data):
        if self.inside:
            self.inner.append(data)
        else:
            self.text += data

    def data(self):
        return json.loads(next(text for text in self.inner if text.startswith("{")))


def shard(name, begin_s, end_s, **facts):
    return ShardReport(
        id=name, host="here", profile="p", units=("a",), status=ShardStatus.FINISHED,
        started_at=NOW + timedelta(seconds=begin_s), finished_at=NOW + timedelta(seconds=end_s),
        attempts=1, **facts,
    )  # fmt: skip


def page_of(**changes):
    return Page(html_page(run_report(triaged()).model_copy(update=changes)))


def test_the_page_loads_nothing_and_allows_only_its_own_style_and_script():
    page = page_of()
    assert not [tag for tag, _ in page.elements if tag in ("link", "iframe", "object", "base")]
    assert not [a for _, a in page.elements if "src" in a or "style" in a or "onclick" in a]
    assert {a["href"] for _, a in page.elements if "href" in a} <= {"#tests"}
    [policy] = [a["content"] for _, a in page.elements if "http-equiv" in a]
    style, data, script = page.inner
    for text in (style, script):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and data.startswith("{")


def test_every_test_and_every_problem_is_on_the_page():
    page = page_of()
    assert [row[0] for row in page.data()["tests"]] == [test.id for test in TESTS]
    assert "3 problems behind 400 failures" in page.text
    for cluster in triaged().clusters:
        assert plain(cluster.text) in page.text


def odd_page(text):
    test = TESTS[0].model_copy(update={"id": text, "message": text, "longrepr": text})
    odd = {"notes": (text,), "repository": text, "shards": (shard(text, 0, 1),)}
    return Page(html_page(run_report(triaged([test]), [test]).model_copy(update=odd)))


def test_hostile_texts_are_text():
    page, usual = odd_page(EVIL), odd_page("t.py::test_a")
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in usual.elements]
    assert page.data()["tests"][0][0] == plain(EVIL)
    assert "\u202e" not in page.text and "\\u202egnp.exe" in page.text


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_plain_text_has_nothing_in_it_that_cannot_be_seen(text):
    assert all(char.isprintable() or char in "\n\t" or ord(char) > 0x9F for char in plain(text))


@pytest.mark.parametrize(("wall_s", "step"), [(0.4, 0.05), (7, 1), (90, 20), (3600, 500)])
def test_ticks_are_round_numbers(wall_s, step):
    assert tick_step(wall_s) == pytest.approx(step)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 90), st.floats(0.01, 30)), min_size=1, max_size=40))
def test_every_shard_has_one_bar_and_no_two_of_a_lane_overlap(spans):
    shards = [shard(f"r1-{at}", begin, begin + s) for at, (begin, s) in enumerate(spans)]
    report = run_report(triaged([])).model_copy(update={"shards": tuple(shards)})
    lanes = lanes_of(report)
    assert sorted(bar.shard.id for lane in lanes for bar in lane) == sorted(s.id for s in shards)
    for lane in lanes:
        assert all(one.end_s <= other.begin_s for one, other in pairwise(lane))


def test_waiting_repeats_and_reruns_are_to_be_seen():
    page = page_of(
        shards=(shard("r1-0000", 2, 5), shard("r2-0000", 6, 7)), reruns=(shard("c-0000", 8, 9),)
    )
    kinds = {a.get("class", "").split()[1] for tag, a in page.elements if tag == "g"}
    waits = [a for tag, a in page.elements if tag == "line" and a["class"] == "wait"]
    assert kinds == {"first", "again", "rerun"} and len(waits) == 3


def test_long_explanations_are_cut_so_that_a_browser_can_open_the_page():
    tests = [
        TESTS[0].model_copy(update={"id": f"t.py::{n}", "longrepr": "x" * 200_000,
                                    "outcome": Outcome.PASSED})
        for n in range(1_000)
    ]  # fmt: skip
    assert len(html_page(run_report(triaged([]), tests))) < 14_000_000
