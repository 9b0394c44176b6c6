import hashlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.task import TaskSource
from testfleet.execution.archive import (
    KEPT_ARCHIVES,
    ArchiveError,
    cached_archive,
    leads_out,
    members,
)
from tests.execution_samples import Store, pack


def archive_of(name, kind=tarfile.REGTYPE, target=""):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        tar.addfile(member)
    buffer.seek(0)
    return tarfile.open(fileobj=buffer)


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/passwd", "a/.."])
def test_a_name_that_leads_out_is_refused(name):
    with pytest.raises(ArchiveError, match="leads out of the tree"):
        list(members(archive_of(name)))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_is_refused(kind):
    with pytest.raises(ArchiveError, match="device or a FIFO"):
        list(members(archive_of("device", kind)))


@pytest.mark.parametrize(("name", "shown"), [("./a//b", "a/b"), ("a/./b/", "a/b"), ("a", "a")])
def test_a_name_is_normalised(name, shown):
    assert [found for found, _ in members(archive_of(name))] == [shown]


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b"]), max_size=6).map("/".join))
def test_no_checked_name_leaves_the_tree(name):
    try:
        checked = [found for found, _ in members(archive_of(name or "."))]
    except ArchiveError:
        return
    for found in checked:
        assert not found.startswith("/")
        assert not {"..", ".", ""} & set(found.split("/"))


@pytest.mark.parametrize(
    ("name", "target", "out"),
    [
        ("link", "file", False),
        ("a/link", "../file", False),
        ("link", "..", True),
        ("a/link", "../../file", True),
        ("link", "/etc", True),
        ("a/b/link", "../../c", False),
    ],
)
def test_links_out_of_the_tree_are_known(name, target, out):
    assert leads_out(name, target) is out


@pytest.fixture
def store():
    with Store() as made:
        yield made


def source(store, body):
    sha256 = hashlib.sha256(body).hexdigest()
    store.objects[f"/{sha256}"] = body
    return TaskSource(url=f"{store.url}/{sha256}", sha256=sha256)


def test_an_archive_is_fetched_once(store, tmp_path):
    wanted = source(store, pack({"a": "b"}))
    first = cached_archive(wanted, tmp_path)
    store.objects.clear()
    assert cached_archive(wanted, tmp_path) == first


def test_a_damaged_archive_is_not_kept(store, tmp_path):
    wanted = source(store, b"good").model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ArchiveError, match="damaged"):
        cached_archive(wanted, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_archive_is_named(store, tmp_path):
    with pytest.raises(ArchiveError, match="not there"):
        cached_archive(TaskSource(url=f"{store.url}/none", sha256="0"), tmp_path)


def test_the_cache_is_bounded(store, tmp_path):
    for number in range(KEPT_ARCHIVES + 3):
        cached_archive(source(store, f"{number}".encode()), tmp_path)
    assert len(list(tmp_path.iterdir())) == KEPT_ARCHIVES


def test_an_archive_that_another_worker_removes_meanwhile_does_no_harm(store, tmp_path):
    # A broken link is listed and then not found, as a file that was just removed.
    (tmp_path / "gone.tar.gz").symlink_to(tmp_path / "nowhere")
    assert cached_archive(source(store, b"body"), tmp_path).read_bytes() == b"body"
