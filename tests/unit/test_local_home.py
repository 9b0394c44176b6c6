"""Where a fleet keeps its state, and what is said when it cannot."""

import errno
from pathlib import Path

import pytest

from testfleet.config import ROOT
from testfleet.errors import FleetError
from testfleet.local.home import FleetHome, explained, fleet_home, write_whole
from testfleet.local.info import FleetInfo as Info
from testfleet.local.info import FleetStatus


def test_the_home_is_the_checkouts_unless_a_variable_names_another(monkeypatch, tmp_path):
    monkeypatch.delenv("TESTFLEET_HOME", raising=False)
    assert fleet_home().root == ROOT / ".testfleet"
    monkeypatch.setenv("TESTFLEET_HOME", str(tmp_path))
    assert fleet_home().root == tmp_path


def test_all_state_of_a_fleet_lies_in_its_home(tmp_path):
    home = FleetHome(tmp_path)
    names = [name for name, value in vars(FleetHome).items() if isinstance(value, property)]
    names.remove("work_root")  # caches of the workers, which must lie elsewhere
    assert len(names) >= 10
    assert all(getattr(home, name).is_relative_to(tmp_path) for name in names)


def test_a_home_that_cannot_be_made_is_said_with_the_way_out(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FleetError, match=r"cannot keep the fleet's state in .*file/home") as error:
        FleetHome(tmp_path / "file" / "home").prepare()
    assert "TESTFLEET_HOME" in error.value.hint


def test_a_home_where_nobody_can_make_a_folder_is_said():
    with pytest.raises(FleetError, match="cannot keep the fleet's state in /proc/testfleet"):
        FleetHome(Path("/proc/testfleet")).prepare()


def test_a_home_that_cannot_be_written_is_said_with_the_way_out(tmp_path, monkeypatch):
    # As root nothing is read-only, so the answer of the system is put in its place.
    monkeypatch.setattr("testfleet.local.home.os.access", lambda *_: False)
    with pytest.raises(FleetError, match="Permission denied"):
        FleetHome(tmp_path / "home").prepare()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_or_read_only_disk_is_named(code):
    with pytest.raises(FleetError, match="cannot write") as error, explained("cannot write it"):
        raise OSError(code, "No space left on device")
    assert "No space left" in str(error.value)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, "old")

    def full_disk(self, *_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full_disk)
    with pytest.raises(FleetError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"


def test_emptying_the_temporary_folder_leaves_an_empty_one(tmp_path):
    home = FleetHome(tmp_path)
    home.prepare()
    (home.tmp / "left").mkdir()
    (home.tmp / "left" / "over").write_text("")
    home.empty_tmp()
    assert list(home.tmp.iterdir()) == []


@pytest.mark.parametrize("text", [None, "", "{", '{"pid": 1}', '{"more": 1}'])
def test_a_file_of_another_form_counts_as_none(tmp_path, text):
    if text is not None:
        (tmp_path / "fleet.json").write_text(text)
    assert Info.load(tmp_path / "fleet.json") is None


def test_what_is_saved_is_loaded_again(tmp_path):
    info = Info(
        endpoint_url="http://127.0.0.1:1",
        region="us-east-1",
        pid=1,
        outputs={"DataBucket": "b"},
        stacks=("s",),
        application="f",
    )
    info.save(tmp_path / "fleet.json")
    assert Info.load(tmp_path / "fleet.json") == info


def test_a_fleet_that_is_down_has_no_process():
    assert FleetStatus(home="/h", is_up=False).pid is None


def test_two_fleets_keep_their_working_copies_apart(tmp_path):
    first, second = FleetHome(tmp_path / "a"), FleetHome(tmp_path / "b")
    assert first.work_root == FleetHome(tmp_path / "a").work_root
    assert first.work_root != second.work_root
