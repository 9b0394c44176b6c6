"""The last gate: the whole suite on the tree as the branch will have it."""

import os
import sys

import pytest

from testfleet.repair.fleet.gate import against
from testfleet.repair.project import Project

CODE = b"def one():\n    return 1\n"
TESTS = "import a\n\n\ndef test_one(): assert a.one() == 1\n\n\ndef test_bad(): assert 0\n"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "a.py").write_bytes(CODE)
    (tmp_path / "test_a.py").write_text(TESTS)
    return Project(
        root=tmp_path,
        files=("a.py", "test_a.py"),
        python=sys.executable,
        env={"PATH": os.environ["PATH"]},
    )


def test_a_patch_that_breaks_a_test_is_refused_and_what_failed_before_does_not_count(project):
    broken = {"a.py": (CODE, b"def one():\n    return 2\n")}
    before = {"test_a.py::test_bad"}
    refused = "on the branch, test_a.py::test_one fail in the whole suite"
    assert against(project, broken, before, 30) == refused
    harmless = {"a.py": (CODE, b"def one():\n    return 2 - 1\n")}
    assert against(project, harmless, before, 30) == ""
    assert (project.root / "a.py").read_bytes() == CODE
