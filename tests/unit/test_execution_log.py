import os

from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.execution.log import BoundedLog


def write(log, data):
    fd = os.open(log.path, os.O_WRONLY | os.O_APPEND)
    os.write(fd, data)
    os.close(fd)


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=12))
def test_beginning_and_end_are_kept_within_the_limit(tmp_path_factory, writes):
    log = BoundedLog(tmp_path_factory.mktemp("log") / "log", 200)
    written = b""
    for data, trims in writes:
        write(log, data)
        written += data
        if trims:
            log.trim()
    log.trim()
    kept = log.kept()
    assert log.position == len(written)
    assert os.fstat(log.fd).st_size <= 200
    if log.was_cut():
        assert kept.startswith(written[:100])
        assert kept.endswith(written[-100:])
        assert len(kept) < 260
    else:
        assert kept == written
    log.close()


def test_what_was_written_since_is_found_after_a_cut(tmp_path):
    log = BoundedLog(tmp_path / "log", 100)
    write(log, b"before")
    position = log.position
    write(log, b"x" * 200 + b"end of it")
    log.trim()
    write(log, b" and more")
    assert log.since(position, 40).endswith("xxend of it and more")
    assert log.since(log.position, 40) == ""


def test_bytes_that_are_not_utf8_are_escaped(tmp_path):
    log = BoundedLog(tmp_path / "log", 100)
    write(log, b"\xff")
    assert log.since(0, 10) == r"\xff"
