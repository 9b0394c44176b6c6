"""The vote, the edits and Ruff's candidates: no Node.js is needed for these."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.repair import SuspiciousLine
from testfleet.repair.engine import FailingTest, Fault
from testfleet.repair.typescript.bench import bench_of
from testfleet.repair.typescript.engine import ToolsEngine
from testfleet.repair.typescript.home import Home
from testfleet.repair.typescript.model import Check, Edit, Proposal, Tried, edited
from testfleet.repair.typescript.texts import Texts
from testfleet.repair.typescript.touched import Touched
from testfleet.repair.typescript.vote import THRESHOLD, vote, without


def tried(prior: float, effect: str, concern: str = "", gone: int = 1, added: int = 0) -> Tried:
    edits = (Edit("a.ts", 0, 0, f"{effect}{prior}"),)
    proposal = Proposal("rewrite", "other-name", prior, concern, edits)
    return Tried(proposal, Check(frozenset(range(gone)), added, effect))


def test_a_likely_repair_without_rivals_wins() -> None:
    (group,) = vote([tried(0.8, "a"), tried(0.7, "b", added=1), tried(0.9, "c", gone=0)])
    assert group.best.proposal.prior == 0.8
    assert group.share >= THRESHOLD


def test_an_unlikely_repair_is_not_sure_for_being_alone() -> None:
    assert vote([tried(0.1, "a")])[0].share < THRESHOLD


def test_rivals_that_behave_alike_share_a_vote() -> None:
    groups = vote([tried(0.5, "one"), tried(0.45, "one"), tried(0.5, "other")])
    assert sorted(len(group.members) for group in groups) == [1, 2]
    assert groups[0].share < THRESHOLD


def test_what_runs_as_before_counts_more() -> None:
    assert vote([tried(0.5, "other"), tried(0.45, "types")])[0].effect == "types"


def test_who_removes_more_complaints_leaves_the_others_behind() -> None:
    assert [group.effect for group in vote([tried(0.9, "one"), tried(0.3, "all", gone=3)])] == [
        "all"
    ]


def test_silencing_never_beats_a_repair() -> None:
    groups = vote([tried(0.3, "a"), tried(0.9, "b", concern="`as any` switches checks off")])
    assert groups[0].effect == "a"
    assert groups[1].is_grave


def test_what_the_tests_refute_gives_its_votes_to_the_rest() -> None:
    groups = vote([tried(0.6, "a"), tried(0.5, "b")])
    (left,) = without(groups, groups[:1])
    assert groups[1].share < left.share <= 1


@given(st.text(max_size=40), st.integers(0, 40), st.integers(0, 40), st.text(max_size=5))
def test_positions_count_as_in_javascript(text: str, start: int, length: int, new: str) -> None:
    units = text.encode("utf-16-le")
    begin = min(start, len(units) // 2)
    end = min(begin + length, len(units) // 2)
    expected = units[: 2 * begin] + new.encode("utf-16-le") + units[2 * end :]
    made = edited(text, [Edit("a", begin, end, new)])
    assert made.encode("utf-16-le", "surrogatepass") == expected


def test_ruff_repairs_what_it_knows_on_the_suspicious_line_first() -> None:
    text = "import os\r\n\r\n\r\ndef f(x, seen=[]):\r\n    seen.append(x)\r\n    return seen\r\n"
    fault = Fault(
        [FailingTest("test_f", "test_f.py")],
        [SuspiciousLine(path="f.py", line=4, score=1.0)],
        {"f.py": text},
    )
    first, *others = ToolsEngine().candidates(fault)
    assert first.template == "ruff-B006"
    assert "ruff-F401" not in {one.template for one in others}
    made = text
    for edit in sorted(first.edits, key=lambda one: -one.start):
        made = made[: edit.start] + edit.text + made[edit.end :]
    assert "seen=None" in made
    assert "if seen is None:" in made


def test_tests_are_no_ground_for_ruff() -> None:
    lines = [SuspiciousLine(path="test_f.py", line=1, score=1.0)]
    fault = Fault([], lines, {"test_f.py": "import os\n"}, frozenset({"test_f.py"}))
    assert list(ToolsEngine().candidates(fault)) == []


def test_what_the_commit_touched_is_likelier(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("".join(f"line {number};\n" for number in range(40)), "utf-8")
    lines = ((10, 10),)
    change = FileChange(path="a.ts", status=FileStatus.MODIFIED, added=1, deleted=1, lines=lines)
    touched = Touched([change], Texts(tmp_path))

    def weighed(file: str, start: int) -> float:
        edits = (Edit(file, start, start, "x"),)
        return touched.weighed(Proposal("rewrite", "optional", 0.4, "", edits)).prior

    assert weighed("a.ts", 75) > weighed("a.ts", 300) > 0.4 > weighed("b.ts", 0)


RUNNER = """#!/bin/sh
for one in "$@"; do case "$one" in --outputFile=*) out=${one#*=};; esac; done
test() { echo "{\\"fullName\\": \\"works\\", \\"status\\": \\"$1\\"}"; }
file() { echo "{\\"name\\": \\"$PWD/$1\\", \\"assertionResults\\": [$2]}"; }
echo "{\\"testResults\\": [$(file a/i.ts "$(test failed)"), $(file b/i.ts "$(test passed)"),
  $(file c/i.ts "$(test failed), $(test passed)")]}" > "$out"
"""


def test_tests_of_one_name_hide_no_failure(tmp_path: Path) -> None:
    (tmp_path / "node_modules" / ".bin").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.ts").write_text("", "utf-8")
    (tmp_path / "linked").symlink_to(tmp_path / "shared")
    home = Home(tmp_path, "node", Path("tsc"), (), lints=False, runner="jest")
    home.runner_path.write_text(RUNNER, "utf-8")
    home.runner_path.chmod(0o755)
    (tmp_path / "node_modules" / ".vite").mkdir()
    with bench_of(home, ["linked", "shared/a.ts"], time.monotonic() + 30, os.environ) as bench:
        (bench.copy / "node_modules" / ".vite").mkdir()  # It is not the user's.
        assert (bench.copy / "linked").resolve() == bench.copy / "shared"
        found = bench.outcomes()
    assert found == {"a/i.ts works": "failed", "b/i.ts works": "passed", "c/i.ts works": "failed"}


WRITER = """#!/bin/sh
echo harm > "{victim}"
for one in "$@"; do case "$one" in --outputFile=*) out=${{one#*=}};; esac; done
env | grep -c SECRET > seen
echo '{{"testResults": []}}' > "$out"
"""
HAS_LANDLOCK = (
    "from testfleet.repair.inside.confinement import confine; raise SystemExit(not confine(['/']))"
)


def test_tests_write_in_the_copy_only_and_see_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if subprocess.run([sys.executable, "-c", HAS_LANDLOCK], check=False).returncode:
        pytest.skip("this kernel has no Landlock")
    monkeypatch.setenv("MY_SECRET", "x")
    (tmp_path / "node_modules" / ".bin").mkdir(parents=True)
    home = Home(tmp_path, "node", Path("tsc"), (), lints=False, runner="jest")
    home.runner_path.write_text(WRITER.format(victim=tmp_path / "victim"), "utf-8")
    home.runner_path.chmod(0o755)
    seen = {"PATH": os.environ["PATH"]}
    with bench_of(home, [], time.monotonic() + 30, seen) as bench:
        assert bench.outcomes() == {}
        assert (bench.copy / "seen").read_text() == "0\n"
    assert not (tmp_path / "victim").exists()
