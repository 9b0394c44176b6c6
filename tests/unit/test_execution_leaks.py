"""What tests leave behind is cleaned up, and told with the file that has left it."""

import time

import pytest

from testfleet.cli.summary import print_summary
from testfleet.contracts.leak import Leak, LeakKind
from testfleet.execution.leaks import Belongings
from testfleet.results.html.page import html_page
from tests.execution_samples import bench, outcomes
from tests.unit.test_triage_report import run_report, triaged

SERVER = """
import subprocess, sys, time
CODE = "import socket,time; s=socket.create_server(('127.0.0.1',0)); print(s.getsockname()[1])"
def test_serves():
    time.sleep(0.05)
    code = CODE + "; sys.stdout.flush(); time.sleep(60)"
    server = subprocess.Popen(
        [sys.executable, "-c", "import sys\\n" + code], stdout=subprocess.PIPE, text=True
    )
    print("PORT", server.stdout.readline())
"""
# The system tells the start of a process to a hundredth of a second: tests that take less may be
# taken for each other.
TEMPORARY = """
import tempfile, time
def test_it(tmp_path):
    time.sleep(0.05)
    tempfile.mkdtemp(prefix="forgotten-")
    time.sleep(0.02)
"""
CLEAN = """
import tempfile, time
def test_it(tmp_path):
    with tempfile.TemporaryDirectory(): time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("worker")) as made:
        yield made


def test_processes_ports_and_temporary_folders_are_told_with_their_files(worker):
    files = {"test_a.py": CLEAN, "test_b.py": SERVER, "test_c.py": CLEAN, "test_d.py": TEMPORARY}
    began = time.monotonic()
    result = worker.run(files)
    took_s = time.monotonic() - began
    assert set(outcomes(result).values()) == {"passed"}
    found = {leak.kind: leak for leak in result.leaks}
    assert set(found) == {LeakKind.PROCESS, LeakKind.PORT, LeakKind.TEMPORARY}
    assert found[LeakKind.PROCESS].units == found[LeakKind.PORT].units == ("test_b.py",)
    assert "listened on port" in found[LeakKind.PORT].text
    assert found[LeakKind.TEMPORARY].units == ("test_d.py",)
    assert "test_d.py left 1 in the temporary folder: forgotten-" in found[LeakKind.TEMPORARY].text
    assert worker.left_over(result) == []
    assert took_s < 60  # nothing waited for the server


def test_tests_that_clean_up_leave_no_finding(worker):
    assert worker.run({"test_a.py": CLEAN}).leaks == ()


def test_what_tools_and_services_keep_is_no_leak(tmp_path):
    (tmp_path / "of-a-service").touch()
    belongings = Belongings.before(tmp_path, tmp_path / "tree")
    for name in ("pytest-of-me", "jest_rs", ".cache"):
        (tmp_path / name).mkdir()
    assert list(belongings.left(lambda *_: set(), ("test_a.py",))) == []


def test_a_file_of_the_tests_that_the_worker_holds_is_told(tmp_path):
    belongings = Belongings.before(tmp_path / "temporary", tmp_path)
    with (tmp_path / "data").open("w"):
        [leak] = belongings.left(lambda *_: set(), ("test_a.py",))
    assert (leak.kind, leak.units) == (LeakKind.OPEN_FILE, ("test_a.py",))
    assert list(belongings.left(lambda *_: set(), ("test_a.py",))) == []


def test_hundreds_of_leftovers_make_few_findings(tmp_path):
    belongings = Belongings.before(tmp_path, tmp_path / "tree")
    for number in range(300):
        (tmp_path / f"{number:03}\x1b").touch()
    found = list(belongings.left(lambda *_: set(), ("test_a.py", "test_b.py")))
    assert [(leak.units, len(leak.text) <= 300) for leak in found] == [((), True)]
    assert "300 in the temporary folder: 000" in found[0].text
    assert "\x1b" not in found[0].text


def test_findings_are_on_the_page_and_the_first_of_many_in_the_terminal(capsys):
    leak = Leak(kind=LeakKind.PORT, units=("<b>.py",), text="sh, which <b>.py left, [red]7")
    report = run_report(triaged()).model_copy(update={"leaks": (leak,) * 12})
    page = html_page(report).decode()
    assert "Left behind by tests" in page
    assert "<b>.py" not in page
    print_summary(report, ())
    said = capsys.readouterr().out
    assert said.count("leak (port): sh, which <b>.py left, [red]7") == 10
    assert "2 more leaks" in said
