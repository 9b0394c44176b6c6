"""What a runner's process prints is hostile: it is read within limits."""

import sys

import pytest

from testfleet.repair.javascript import process
from testfleet.repair.javascript.process import NodeError, NodeProcess


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("while True: print('x' * 65536, end='', flush=True)", "a line of more than 1 MB"),
        ("input(); print('token{', flush=True)", "cannot be read"),
        ("input(); print('token' + '[' * 100_000, flush=True)", "cannot be read"),
        ("import sys; sys.stderr.write('y' * 10**6 + '\\nError: last words')", "last words"),
    ],
)
def test_a_runner_that_prints_anything_is_an_error_within_limits(
    tmp_path, monkeypatch, program, words
):
    monkeypatch.setattr(process, "_LONGEST_LINE", 1 << 20)
    with NodeProcess((sys.executable, "-c", program), tmp_path, token="token") as runner:
        runner.start()
        with pytest.raises(NodeError, match=words):
            runner.ask("run", 20.0)
