"""From a code host's tarball to the source archive."""

import gzip
import hashlib
import io
import os
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.errors import FleetError, UsageError
from testfleet.scm.source_archive import ArchiveLimits, rewrite

TOP = "octo-shop-a1b2c3d"


def member(name, kind=tarfile.REGTYPE, body=b"", **facts):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mtime = kind, len(body), 1_700_000_000
    info.uname, info.uid = "root", 1000
    for fact, value in facts.items():
        setattr(info, fact, value)
    return info, body


def link(name, target):
    return member(name, tarfile.SYMTYPE, linkname=target)


def tarball(*members, form=tarfile.PAX_FORMAT):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=form) as archive:
        for info, body in members:
            archive.addfile(info, io.BytesIO(body))
    return packed.getvalue()


def convert(*members, limits=None):
    return rewrite(io.BytesIO(tarball(*members)), limits or ArchiveLimits())


def listing(archive):
    with tarfile.open(fileobj=io.BytesIO(archive.body)) as opened:
        return {info.name: info for info in opened}


def test_the_top_folder_goes_and_contents_modes_times_stay():
    archive = convert(
        member(TOP, tarfile.DIRTYPE, mode=0o775),
        member(f"{TOP}/run.sh", body=b"#!/bin/sh\n", mode=0o755),
        member(f"{TOP}/tests", tarfile.DIRTYPE, mode=0o755),
        member(f"{TOP}/tests/test_a.py", body=b"x", mode=0o644),
    )
    found = listing(archive)
    assert list(found) == ["run.sh", "tests", "tests/test_a.py"]
    assert (found["run.sh"].mode, found["run.sh"].mtime) == (0o755, 1_700_000_000)
    assert (found["run.sh"].uid, found["run.sh"].uname) == (0, "")
    with tarfile.open(fileobj=io.BytesIO(archive.body)) as opened:
        assert opened.extractfile("run.sh").read() == b"#!/bin/sh\n"


def test_the_same_members_make_the_same_bytes_in_any_order():
    one, two = member(f"{TOP}/a", body=b"1"), member(f"{TOP}/b", body=b"2")
    first, second = convert(one, two), convert(two, one)
    assert first.body == second.body
    assert first.body[4:8] == bytes(4), "gzip's header holds the time of packing"
    assert first.sha256 == hashlib.sha256(first.body).hexdigest()


def test_special_bits_of_a_mode_are_dropped():
    found = listing(convert(member(f"{TOP}/a", mode=0o6755)))
    assert found["a"].mode == 0o755


def test_names_that_are_no_unicode_come_through(tmp_path):
    name = os.fsdecode(b"caf\xe9.py")
    archive = convert(member(f"{TOP}/{name}", body=b"x"))
    with tarfile.open(fileobj=io.BytesIO(archive.body)) as opened:
        opened.extractall(tmp_path, filter="data")
    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [b"caf\xe9.py"]


@pytest.mark.parametrize(
    "members",
    [
        [member("/etc/passwd")],
        [member(f"{TOP}/../evil")],
        [member(f"{TOP}/a/../../evil")],
        [member("..")],
        [member(f"{TOP}//a")],
        [member(".")],
        [member("file-without-top-folder")],
        [member(f"{TOP}/a"), member("other/b")],
        [member(f"{TOP}/a"), member(f"{TOP}/a")],
        [member(f"{TOP}/a"), member(f"{TOP}/a/b")],
        [member(f"{TOP}/dev", tarfile.CHRTYPE)],
        [member(f"{TOP}/dev", tarfile.BLKTYPE)],
        [member(f"{TOP}/pipe", tarfile.FIFOTYPE)],
        [member(f"{TOP}/a"), member(f"{TOP}/b", tarfile.LNKTYPE, linkname=f"{TOP}/a")],
        [member(f"{TOP}/" + "x" * 5000)],
        [member(f"{TOP}/nul\0name", pax_headers={"path": f"{TOP}/nul\0name"})],
    ],
)
def test_members_that_do_not_belong_into_a_tree_are_refused(members):
    with pytest.raises(UsageError, match="refused the source's tarball") as raised:
        convert(*members)
    assert raised.value.hint == "remove it from the repository"


@pytest.mark.parametrize(
    "members",
    [
        [link(f"{TOP}/a", "/etc/passwd")],
        [link(f"{TOP}/a", "..")],
        [link(f"{TOP}/d/a", "../../x")],
        [link(f"{TOP}/a", "")],
        [link(f"{TOP}/a", "b"), link(f"{TOP}/b", "../x")],
        # Harmless by its letters: but d is the root, and its parent is outside.
        [link(f"{TOP}/p/q/d", "../.."), link(f"{TOP}/p/q/m", "d/../x")],
        [link(f"{TOP}/d", "real"), member(f"{TOP}/d/file")],
    ],
)
def test_links_whose_way_leads_out_are_refused(members):
    with pytest.raises(UsageError, match="link"):
        convert(*members)


@pytest.mark.parametrize(
    "members",
    [
        [link(f"{TOP}/a", "b")],
        [link(f"{TOP}/d/a", "../x/./y")],
        [link(f"{TOP}/p/q/d", "../.."), link(f"{TOP}/p/q/m", "d/x")],
        [link(f"{TOP}/a", "b"), link(f"{TOP}/b", "a")],
    ],
)
def test_links_that_stay_inside_are_kept_broken_and_circular_ones_too(members):
    found = listing(convert(*members))
    assert {info.linkname for info in found.values()} == {info.linkname for info, _ in members}


segments = st.lists(st.sampled_from(["a", "b", "..", ".", ""]), min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "a/b", "b/a", "b/b"]), segments, min_size=1))
def test_no_accepted_set_of_links_reaches_out_when_it_lies_on_a_disk(tmp_path_factory, links):
    try:
        archive = convert(*(link(f"{TOP}/{n}", "/".join(s)) for n, s in links.items()))
    except UsageError:
        return
    outside = tmp_path_factory.mktemp("outside").resolve()
    for name in ("a/a", "a/b", "b/a", "b/b", "tree"):
        (outside / name).mkdir(parents=True)
    root = outside / "tree"
    with tarfile.open(fileobj=io.BytesIO(archive.body)) as opened:
        opened.extractall(root, filter="fully_trusted")
    for name in links:
        try:
            reached = (root / name).resolve(strict=True)
        except (OSError, RuntimeError):  # leads nowhere, or in a circle
            continue
        assert reached.is_relative_to(root)


def test_a_bomb_is_refused_before_it_fills_the_disk():
    limits = ArchiveLimits(unpacked_bytes=1_000_000)
    with pytest.raises(UsageError, match="larger than the limit of 1000000 bytes when unpacked"):
        convert(member(f"{TOP}/zeros", body=bytes(2_000_000)), limits=limits)


def test_too_many_members_are_refused():
    many = [member(f"{TOP}/{number}") for number in range(4)]
    assert len(listing(convert(*many, limits=ArchiveLimits(members=4)))) == 4
    with pytest.raises(UsageError, match="more than 3 files and folders"):
        convert(*many, limits=ArchiveLimits(members=3))


def test_a_header_of_megabytes_is_refused():
    huge = member(f"{TOP}/a", pax_headers={"comment": "x" * 2_000_000})
    with pytest.raises(UsageError, match="a header of"):
        convert(huge)


def test_a_sparse_file_cannot_pretend_to_be_small():
    header = tarfile.TarInfo(f"{TOP}/sparse")
    header.size, header.type = 0, tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[483:495] = b"%011o\0" % (8**10)
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:512]))
    with pytest.raises(UsageError, match="neither a plain file"):
        rewrite(io.BytesIO(gzip.compress(bytes(block) + bytes(1024))), ArchiveLimits())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no gzip",
        gzip.compress(b"no tar", mtime=0),
        tarball(member(f"{TOP}/a", body=b"x" * 99))[:-20],
    ],
)
def test_what_is_no_whole_tarball_is_refused(body):
    with pytest.raises(UsageError, match=r"not a whole gzip file|damaged"):
        rewrite(io.BytesIO(body), ArchiveLimits())


def test_a_disk_that_cannot_be_written_is_the_fleets_fault(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(FleetError, match="cannot unpack the source here"):
        convert(member(f"{TOP}/a"))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_tarball_is_refused_or_read_and_nothing_else(data):
    raw = bytearray(gzip.decompress(tarball(member(f"{TOP}/a", body=b"x"), link(f"{TOP}/b", "a"))))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, 2047))] = data.draw(st.integers(0, 255))
    try:
        rewrite(io.BytesIO(gzip.compress(bytes(raw), compresslevel=1)), ArchiveLimits())
    except UsageError as exc:
        assert "tarball" in str(exc)
