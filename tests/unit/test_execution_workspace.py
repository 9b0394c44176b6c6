import os
from pathlib import Path

import pytest

from testfleet.errors import UsageError
from testfleet.execution import workspace as module
from testfleet.execution.files import force_remove, is_disk_full, remove_quietly
from testfleet.execution.workspace import temporary_for, workspace
from tests.execution_samples import bench


@pytest.fixture
def worker(tmp_path):
    with bench(tmp_path.resolve()) as made:
        yield made


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_slots_are_used_again_but_never_by_two(worker):
    task = worker.task({"a.py": ""})
    root = worker.folder / "work"
    with workspace(task, root) as first, workspace(task, root) as second:
        assert first.tree != second.tree
        assert names(first.tree) == names(second.tree) == ["a.py"]
        assert not first.was_there
        assert not second.was_there
    with workspace(task, root) as third:
        assert third.tree == first.tree
        assert third.was_there


def test_repositories_of_one_name_have_slots_of_their_own(worker):
    root = worker.folder / "work"
    one, two = (worker.task({"a": ""}, repository=name) for name in ("me/lib", "you/lib"))
    with workspace(one, root) as first, workspace(two, root) as second:
        assert first.tree.name == second.tree.name == "lib"
        assert first.tree.parent.parent != second.tree.parent.parent


@pytest.mark.parametrize("spoil", ["manifest", "tree"])
def test_a_slot_in_an_odd_state_is_made_anew(worker, spoil):
    task = worker.task({"a.py": "x"})
    with workspace(task, worker.folder / "work") as place:
        target = place.state / "manifest.json" if spoil == "manifest" else place.tree
    force_remove(target)
    if spoil == "manifest":
        target.mkdir()
    else:
        os.mkfifo(target)
    with workspace(task, worker.folder / "work") as again:
        assert again.tree == place.tree
        assert (again.tree / "a.py").read_text() == "x"


def test_a_work_folder_of_another_user_is_refused(worker, monkeypatch):
    monkeypatch.setattr(module.os, "getuid", lambda: 4711)
    root = worker.folder / "work"
    with pytest.raises(UsageError, match="belongs to user"), workspace(worker.task({}), root):
        pass


def test_what_a_killed_worker_left_in_the_temporary_folder_is_removed(tmp_path):
    forgotten = tmp_path / "tf-forgotten"
    forgotten.mkdir()
    (tmp_path / "temporary").write_text(str(forgotten))
    with temporary_for(tmp_path, {}, []):
        assert not forgotten.exists()


def test_a_memo_that_a_test_has_forged_removes_nothing(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "temporary").write_text(str(precious))
    with temporary_for(tmp_path, {}, []):
        assert precious.exists()


def test_a_temporary_folder_that_resists_is_noted(tmp_path, monkeypatch):
    notes = []
    with temporary_for(tmp_path, {"TMPDIR": str(tmp_path)}, notes) as folder:
        monkeypatch.setattr(module, "remove_quietly", lambda _: False)
    assert notes == [f"could not remove the temporary folder {folder}"]


def test_a_very_deep_folder_is_removed(tmp_path):
    here = Path.cwd()
    top = tmp_path / "deep"
    top.mkdir()
    os.chdir(top)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(here)
    force_remove(top)
    assert not top.exists()


def test_removing_what_is_not_there_is_no_fault(tmp_path):
    assert remove_quietly(tmp_path / "nothing")


@pytest.mark.parametrize(("number", "full"), [(28, True), (122, True), (13, False)])
def test_a_full_disk_is_known_by_its_number(number, full):
    assert is_disk_full(OSError(number, "")) is full
