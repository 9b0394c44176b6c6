"""Working trees with odd files in them, that cannot be written, or on a disk that is full."""

import os
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.command import Command, write

PASS = "def test_passes(): pass\n"


def git(root, *args):
    names = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", *names, *args], cwd=root, check=True, capture_output=True)


@pytest.fixture
def odd(tmp_path):
    """Links of all kinds, a socket, a FIFO, names that no shell likes."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("from elsewhere")
    root = write(
        tmp_path / "odd ünï\nproject",
        {
            "with space/test_näme.py": PASS,
            "with space/test_\udcff.py": PASS,
            "real/test_real.py": PASS,
            "test_tree.py": (
                "import os\n"
                "def test_links():\n"
                "    assert open('linked_file').read() == 'from elsewhere'\n"
                "    assert os.path.samefile('linked', 'real')\n"
                "    assert os.path.samefile('real/up', '.')\n"
                "    assert not os.path.lexists('linked_out')\n"
                "def test_no_others(): assert not {'sock', 'fifo'} & set(os.listdir())\n"
            ),
            "pytest.ini": "[pytest]\nnorecursedirs = up\n",
        },
    )
    for name, target in {
        "linked": "real", "real/up": "..", "linked_file": tmp_path / "elsewhere" / "file",
        "linked_out": tmp_path / "elsewhere", "dangling": "nowhere",
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
    os.mkfifo(root / "fifo")
    here = Path.cwd()
    os.chdir(root)  # The path of a socket is short.
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("sock")
    os.chdir(here)
    return root


def test_odd_files_are_no_obstacle(cli, odd):
    done = cli.run(odd)
    assert done.code == 0
    assert done.outcomes == dict.fromkeys(
        (
            "linked/test_real.py::test_passes",
            "real/test_real.py::test_passes",
            "test_tree.py::test_links",
            "test_tree.py::test_no_others",
            "with space/test_näme.py::test_passes",
            "with space/test_\\udcff.py::test_passes",
        ),
        "passed",
    )


def test_of_a_folder_in_a_repository_only_what_git_would_keep_is_sent(cli, tmp_path):
    ignored = "def test_ignored(): assert 0\n"
    root = write(
        tmp_path / "repository",
        {
            ".gitignore": "*.gen\nlocal/\n",
            "backend/.gitignore": "secret*\n!secret_not.py\n",
            "backend/test_b.py": (
                "import os\ndef test_tree():\n"
                "    assert sorted(os.listdir()) == ['.gitignore', 'secret_not.py', 'test_b.py']\n"
            ),
            "backend/secret.py": "",
            "backend/secret_not.py": "",
            "backend/local/test_l.py": ignored,
            "backend/a.gen": "",
            "test_above.py": ignored,
        },
    )
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "first")
    done = cli.run(root / "backend")
    assert done.code == 0
    assert list(done.outcomes) == ["test_b.py::test_tree"]
    assert len(done.report["commit"]) == 40


def test_settings_above_the_tree_are_missed_in_words(cli, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = cli("plan", write(tmp_path / "backend", {"test_a.py": PASS}))
    assert done.code == 0
    assert f"pytest would look at {tmp_path / 'pytest.ini'}" in done.err
    assert f"run {tmp_path} with a suite whose `root` is 'backend'" in done.err


def test_without_git_the_ignore_files_hold_all_the_same(cli, tmp_path):
    files = {".gitignore": "local/\n", "local/test_l.py": "def test_l(): assert 0\n"}
    done = cli.run(write(tmp_path / "plain", {**files, "test_a.py": PASS}))
    assert (done.code, list(done.outcomes)) == (0, ["test_a.py::test_passes"])
    assert done.report["commit"] is None


@pytest.fixture
def mount():
    """Mounts file systems, where that is allowed, and takes them away again."""
    mounted = {}

    def mount(folder, *options):
        folder.mkdir(exist_ok=True)
        command = ["mount", *options, str(folder)]
        if shutil.which("mount") is None or os.geteuid() != 0:
            pytest.skip("only root may mount a file system")
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting is not permitted here: {done.stderr.decode().strip()}")
        mounted[folder] = None
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_tree_that_cannot_be_written_is_tested_and_left_as_it_is(cli, tmp_path, mount):
    write(tmp_path / "project", {"test_a.py": "def test_a(tmp_path): open('made', 'w').close()\n"})
    mount(tmp_path / "project", "--bind", str(tmp_path / "project"))
    mount(tmp_path / "project", "-o", "remount,bind,ro")
    done = cli.run(tmp_path / "project")
    assert (done.code, done.outcomes) == (0, {"test_a.py::test_a": "passed"})
    assert [path.name for path in (tmp_path / "project").iterdir()] == ["test_a.py"]


def test_a_file_that_cannot_be_read_is_named(cli, tmp_path):
    root = write(tmp_path / "project", {"test_a.py": PASS, "locked.py": ""})
    (root / "locked.py").chmod(0)
    done = powerless(cli)("run", root)
    assert done.code == 2
    assert f"cannot read {root / 'locked.py'}: Permission denied" in done.err
    assert ".gitignore" in done.err


def test_a_home_that_cannot_be_written_is_named(cli, tmp_path):
    (tmp_path / "home").mkdir(mode=0o500)
    done = powerless(Command(tmp_path / "home" / "fleet"))("up")
    assert done.code == 3
    assert f"cannot keep the fleet's state in {tmp_path / 'home' / 'fleet'}" in done.err
    assert "TESTFLEET_HOME" in done.err


def powerless(cli):
    """The command without root's right to read and write what it may not."""
    if os.geteuid() != 0:
        return cli
    if shutil.which("setpriv") is None:
        pytest.skip("root may do everything, and there is no setpriv to give that up")
    rights = "-dac_override,-dac_read_search"
    return replace(cli, prefix=("setpriv", "--inh-caps", rights, "--bounding-set", rights))


def test_a_full_disk_is_told_where_it_is_full_and_no_obstacle_later(shared_fleet, tmp_path, mount):
    home = mount(tmp_path / "home", "-t", "tmpfs", "-o", "size=48m", "tmpfs")
    work = mount(tmp_path / "work", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    shutil.copytree(shared_fleet.home.assemblies, home / "assemblies")
    cli = Command(home, {"TESTFLEET_WORK_ROOT": str(work / "copies")})
    root = write(tmp_path / "project", {"test_a.py": PASS, "data": os.urandom(60 * 2**20)})
    try:
        unsent = cli.run(root)
        (root / "data").write_bytes(os.urandom(2 * 2**20))
        unpacked = cli.run(root)
        (root / "data").unlink()
        well = cli.run(root)
    finally:
        cli("down")
    assert (unsent.code, unpacked.code, well.code) == (3, 3, 0)
    assert f"cannot pack {root} into {home / 'tmp'}: No space left on device" in unsent.err
    assert f"no space is left under {work / 'copies'}" in unpacked.err
    assert unpacked.outcomes == {"test_a.py": "lost"}


def test_a_home_without_room_is_named(tmp_path, mount):
    home = mount(tmp_path / "home", "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    done = Command(home)("up")
    assert done.code == 3
    assert f"left on the disk of {home}; free 100 MB there, or set TESTFLEET_HOME" in done.err
