"""The engine `model`: what a model is told, what of its answers is taken, which one is asked."""

import threading
import time
from types import SimpleNamespace

import pytest

from testfleet.cli.fix_model import remember
from testfleet.config import ROOT, load_models
from testfleet.contracts.base import utc_now
from testfleet.contracts.chat import ChatResponse
from testfleet.contracts.failure import Domain
from testfleet.contracts.models import Models
from testfleet.contracts.past_fix import Hunk, PastFix
from testfleet.contracts.repair import FixReport, FixStatus, SuspiciousLine
from testfleet.errors import FleetError, UsageError
from testfleet.repair.engine import FailingTest, Fault, Frame
from testfleet.repair.engines import best_first, engines_named
from testfleet.repair.model.blocks import MAX_BLOCKS, MAX_TEXT, Refused, read_blocks
from testfleet.repair.model.conversation import requests_of
from testfleet.repair.model.drafts import Reader
from testfleet.repair.model.engine import Desk, ModelEngine
from testfleet.repair.model.examples import similar_fixes
from testfleet.repair.model.policy import edits_of
from testfleet.repair.model.prompt import messages
from testfleet.repair.model.record import Records, load_records, save_records
from testfleet.repair.model.router import Record, Situation, choose
from testfleet.repair.sources import apply_edits

SHOP = (
    "def total(prices, tax):\n    amount = sum(prices)\n    assert tax >= 0\n"
    "    return amount - tax\n"
)
USE = "from shop import total\n\n\ndef bill(prices):\n    return total(prices, 1)\n"
LINE = SuspiciousLine(path="shop.py", line=4, score=0.9, function="total")
TEST = FailingTest(
    "tests/test_shop.py::test_total", "tests/test_shop.py", "AssertionError", "assert 2 == 4",
    "E  assert 2 == 4", [Frame("shop.py", 4, "total")],
)  # fmt: skip


def fault(**sources):
    texts = {"shop.py": SHOP, "use.py": USE} | sources
    return Fault([TEST], [LINE], texts, frozenset({"tests/test_shop.py"}))


def block(search, replace, path="shop.py"):
    return f"FILE: {path}\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"


RIGHT = block("    return amount - tax", "    return amount + tax")


def made(answer, given=None):
    given = given or fault()
    edits = edits_of(read_blocks(answer), given)
    return {
        edit.path: apply_edits(given.sources[edit.path], [e for e in edits if e.path == edit.path])
        for edit in edits
    }


def test_a_block_is_one_small_edit_wherever_it_stands_in_the_answer():
    whole = block(SHOP.rstrip("\n"), SHOP.rstrip("\n").replace("- tax", "+ tax"))
    answer = f"Sure, the sign is wrong.\n```python\n{whole}```\nThis repairs it."
    [edit] = edits_of(read_blocks(answer), fault())
    assert (edit.text, SHOP[edit.start : edit.end]) == (
        "    return amount + tax", "    return amount - tax",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("I would change the minus into a plus.", "only prose"),
        ("", "only prose"),
        (RIGHT[:60], "ends within"),
        ("<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE", "without a file"),
        ("FILE: shop.py\n<<<<<<< SEARCH\n<<<<<<< SEARCH\n", "within another"),
        ("x" * (MAX_TEXT + 1), "too long"),
        (RIGHT * (MAX_BLOCKS + 1), "more than 8 edit blocks"),
        (block("    return amount * tax", "    return 4"), "not in the file"),
        (block("return amount - tax", "return 4"), "not in the file"),  # no whole line
        (block("", "import os"), "searches for nothing"),
        (block("    return amount - tax", "    return amount - tax"), "nothing is changed"),
        (RIGHT + RIGHT.replace("+", "*"), "overlap"),
        (block("root:x:0:0", "evil", "/etc/passwd"), "outside"),
        (block("a", "b", "../shop.py"), "outside"),
        (block("a", "b", "~/.bashrc"), "outside"),
        (block("assert 4", "pass", "tests/test_shop.py"), "of a test"),
        (block("a", "b", "conftest.py"), "of a test"),
        (block("a", "b", "src/cart.test.tsx"), "of a test"),
        (block("a", "b", "pyproject.toml"), "configuration"),
        (block("a", "b", ".github/workflows/ci.yml"), "configuration"),
        (block("a", "b", "other.py"), "not shown"),
        (block("    assert tax >= 0", "    pass"), "assertion deleted"),
        (block("    return amount - tax", "    import pytest\n    return 4"), "evades"),
        (block("    return amount - tax", "    os._exit(0)"), "evades"),
        (block("    return amount - tax", "\n".join(["    x"] * 200)), "more than 120 lines"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_refused_with_the_reason(answer, why):
    with pytest.raises(Refused, match=why):
        made(answer)


def test_lines_that_stand_there_twice_are_not_guessed_between():
    twice = fault(**{"shop.py": "x = 1\ny = 2\nx = 1\n"})
    with pytest.raises(Refused, match="more than once"):
        made(block("x = 1", "x = 3"), twice)
    assert made(block("x = 1\ny = 2", "x = 3\ny = 2"), twice)["shop.py"].startswith("x = 3\ny = 2")


def test_line_ends_stay_as_they_are_and_removed_lines_leave_none():
    windows = fault(**{"shop.py": "a = 1\r\nb = 2\r\nc = 3\r\n"})
    assert made(block("b = 2", "b = 4\nd = 5"), windows)["shop.py"] == (
        "a = 1\r\nb = 4\r\nd = 5\r\nc = 3\r\n"
    )
    gone = "FILE: shop.py\n<<<<<<< SEARCH\nb = 2\n=======\n>>>>>>> REPLACE"
    assert made(gone, windows)["shop.py"] == "a = 1\r\nc = 3\r\n"


def test_the_same_program_is_one_candidate_and_more_answers_make_it_likelier():
    reader = Reader(fault())
    spaced = RIGHT.replace("amount + tax", "amount  +  tax")
    wild = block("    return amount - tax", "    return (")
    first, second = reader.candidates(
        "m", [block("    return amount - tax", "    return amount * tax"), RIGHT, spaced, wild]
    )
    assert "+" in first.edits[0].text and first.prior > second.prior
    assert (first.engine, first.template, first.line, first.suspiciousness) == (
        "model", "m", 4, 0.9,
    )  # fmt: skip
    assert reader.refused == {"what it makes is not Python": 1}
    assert reader.candidates("m", [RIGHT]) == []


def test_the_prompt_has_failure_code_callers_and_fixes_as_marked_data():
    system, *_, user = messages(fault(), 20_000, ["-a\n+b"])
    for part in (TEST.id, "assert 2 == 4", "return amount - tax", "return total(prices, 1)", "+b"):
        assert part in user.content
    mark = user.content.partition("<data ")[2][:12]
    assert user.content.count(mark) == 2 and f"</data {mark}>" in system.content


def test_the_prompt_is_bounded_keeps_the_code_and_no_secret():
    token = "ghp_" + "a1B2" * 9
    given = fault(**{"shop.py": SHOP.replace("amount =", f'key = "{token}"\n    amount ='),
                     "use.py": USE + "# more\n" * 50_000})  # fmt: skip
    told = messages(given, 3500)
    user = told[-1]
    assert sum(len(each.content) for each in told) <= 3500
    assert "def total" in user.content and token not in user.content


def test_similar_fixes_are_those_of_the_suspicious_file_the_newest_first():
    def fix(path, new):
        hunk = Hunk(path=path, old="x = a\ny = 1\n", new=f"x = {new}\ny = 1\n")
        return PastFix(fingerprints=("f",), hunks=(hunk,), engine="e", template="t", at=utc_now())

    past = [fix("shop.py", "b"), fix("shop.py", "c"), fix("other.py", "d")]
    one, two = similar_fixes(fault(), past, 2)
    assert "-x = a\n+x = c" in one and "+x = b" in two


def choice_for(domain, load=None, records=None, available=None):
    models = load_models()
    every = {model.endpoint for model in models.models.values()}
    found = choose(
        models,
        Situation(domain, every if available is None else available, load or {}, records or {}),
    )
    return found[0].model.endpoint if found else None


def test_the_specialist_is_asked_unless_load_or_its_record_speak_against_it():
    assert choice_for(Domain.TYPESCRIPT) == "fixer-large"
    assert choice_for(Domain.REACT) == "fixer-react"
    assert choice_for(Domain.TEST) == "fixer-small"
    assert choice_for(Domain.TEST, load={"fixer-small": 80}) == "fixer-large"
    bad = {"deepseek-coder-1.3b": Record(200, 0)}
    assert choice_for(Domain.TEST, records=bad) == "fixer-large"
    assert choice_for(Domain.REACT, available={"fixer-small"}) == "fixer-small"
    assert choice_for(Domain.REACT, available=()) is None


def test_a_price_can_outweigh_quality():
    dear = load_models().model_dump(mode="json")
    dear["models"]["deepseek-coder-6.7b"]["usd_per_hour"] = 100.0
    every = {each["endpoint"] for each in dear["models"].values()}
    found = choose(
        Models.model_validate(dear, strict=False), Situation(Domain.TYPESCRIPT, every, {}, {})
    )
    assert found[-1].model.endpoint == "fixer-large"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('endpoint = "fixer-small"', 'endpoint = "small"', r"1\.3b\.endpoint: .*found 'small'"),
        ('endpoint = "fixer-small"', 'endpoint = "fixer-large"', "6.7b's already"),
        ("quality = 0.3\n", "quality = 3\n", r"quality: .*less than or equal to 1, found 3"),
        ("samples = 8", "sample = 8", r"sample: unknown key"),
        ("trust = 20", "trust = 0", r"choice\.trust: .*greater than 0, found 0"),
        ("answer_tokens = 512", "answer_tokens = 5000", "at most half"),
    ],
)
def test_errors_of_the_file_name_key_and_what_is_expected(tmp_path, old, new, told):
    text = (ROOT / "config" / "models.toml").read_text()
    assert old in text
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "models.toml").write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=told) as caught:
        load_models(tmp_path)
    assert "models.toml: " in str(caught.value)


def response(*texts):
    return ChatResponse.model_validate({"choices": [{"message": {"content": t}} for t in texts]})


def engine(ask, endpoints=("fixer-small", "fixer-large")):
    return ModelEngine(Desk(load_models(), frozenset(endpoints), ask))


def collected(stream, limit_s=20.0):
    until, found = time.monotonic() + limit_s, []
    for each in stream:
        assert time.monotonic() < until
        if each is not None:
            found.append(each)
    return found


def test_while_the_model_writes_the_others_go_on():
    go = threading.Event()

    def ask(_endpoint, _request, _patience):
        assert go.wait(20)
        return response(RIGHT)

    other = Reader(fault()).candidates("other", [RIGHT.replace("+", "*")])
    stream = best_first([iter(other), engine(ask).candidates(fault())])
    assert next(stream).template == "other"
    assert next(stream) is None
    go.set()
    assert {each.template for each in collected(stream)} == {"deepseek-coder-1.3b"}


def test_a_silent_model_is_noted_paid_for_and_the_next_one_asked():
    def ask(endpoint, _request, _patience):
        if endpoint == "fixer-small":
            time.sleep(0.01)
            raise FleetError("endpoint fixer-small has not answered within 600 s")
        return response(RIGHT, "no idea")

    made = engine(ask)
    [candidate] = collected(made.candidates(fault()))
    assert candidate.template == "deepseek-coder-6.7b"
    assert any("1.3b is silent: endpoint fixer-small has not" in note for note in made.notes)
    assert any("not used: no edit block, only prose (1)" in note for note in made.notes)
    assert made.usd > 0


def test_who_gives_up_is_not_waited_for():
    given_up = threading.Event()

    def ask(_endpoint, _request, patience):
        if patience.given_up.wait(20):
            given_up.set()
        raise FleetError("not needed")

    stream = engine(ask).candidates(fault())
    assert next(stream) is None
    stream.close()
    assert given_up.wait(20)


def test_one_answer_is_the_likeliest_and_the_others_are_drawn_apart():
    model = load_models().models["deepseek-coder-6.7b"]
    first, *drawn = requests_of(SimpleNamespace(model=model), messages(fault(), 9000))
    assert (first.n, first.temperature) == (1, 0.0)
    assert sum(each.n for each in drawn) == model.samples - 1
    assert len({each.seed for each in drawn}) == len(drawn) and all(e.temperature for e in drawn)


def test_without_a_model_the_engine_is_left_out_and_alone_it_is_refused():
    assert [each.name for each in engines_named(["rewrite", "model"])] == ["rewrite"]
    with pytest.raises(UsageError, match="engine model is not configured"):
        engines_named(["model"])
    own = engine(lambda *_: response())
    assert own in engines_named([], [own])


@pytest.mark.parametrize(
    ("status", "by", "kept"),
    [
        (FixStatus.FIXED, "model", Record(1, 1)),
        (FixStatus.NOT_FIXED, "", Record(1, 0)),
        (FixStatus.FIXED, "rewrite", None),
    ],
)
def test_a_search_teaches_of_its_models_unless_another_engine_was_faster(
    tmp_path, monkeypatch, status, by, kept
):
    monkeypatch.setenv("TESTFLEET_HOME", str(tmp_path))
    own = SimpleNamespace(asked=[("test", "small")])
    remember([own], FixReport(status=status, engine=by, template="small"))
    assert load_records(tmp_path / "models.json").by_domain().get("test", {}).get("small") == kept


def test_records_are_kept_and_a_broken_file_is_only_forgotten(tmp_path):
    path = tmp_path / "models.json"
    assert load_records(path) == Records()
    asked = [("test", "small"), ("test", "small"), ("test", "large")]
    save_records(path, load_records(path).with_search(asked, "large"))
    save_records(path, load_records(path).with_search(asked[:1], ""))
    assert load_records(path).by_domain() == {
        "test": {"small": Record(2, 0), "large": Record(1, 1)}
    }
    path.write_text('{"lines": 3}')
    assert load_records(path) == Records()
