"""What a worker records of the functions that files of tests enter."""

import os

import pytest

from testfleet.contracts.dependencies import Dependency
from tests.execution_samples import bench, outcomes

SHOP = """
def used():
    return helper()

def helper():
    return 1

def unused():
    return 2
"""
TEST = "import shop\ndef test_it():\n    assert shop.used()\n"


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("coverage")) as made:
        yield made


def test_each_file_runs_alone_and_tells_the_functions_that_it_entered(worker):
    files = {
        "shop.py": SHOP,
        "conftest.py": "import pytest\n@pytest.fixture(autouse=True)\ndef each():\n    yield\n",
        "test_a.py": TEST,
        "test_b.py": "import shop, threading\ndef test_it():\n"
        "    one = threading.Thread(target=shop.unused)\n    one.start()\n    one.join()\n",
    }
    result = worker.run(files, records=True, excluded=())
    assert set(outcomes(result).values()) == {"passed"}
    found = {trace.unit: trace for trace in result.traces}
    assert {unit: set(trace.entered) for unit, trace in found.items()} == {
        "test_a.py": {"conftest.py", "shop.py", "test_a.py"},
        "test_b.py": {"conftest.py", "shop.py", "test_b.py"},
    }
    assert {3, 6} <= set(found["test_a.py"].entered["shop.py"])
    assert 9 not in found["test_a.py"].entered["shop.py"]
    assert 9 in found["test_b.py"].entered["shop.py"]
    assert 4 in found["test_b.py"].entered["conftest.py"]
    assert found["test_a.py"].read == ()


def test_what_reads_source_says_so_and_what_nobody_can_vouch_for_has_no_trace(worker):
    files = {
        "shop.py": f"{SHOP}lines = open(__file__).readlines()\n",
        "test_a.py": TEST,
        "test_b.py": "import os\ndef test_it():\n    assert os.system('true') == 0\n",
        "test_c.py": "def test_it():\n    assert False\n",
    }
    result = worker.run(files, records=True)
    assert outcomes(result)["test_c.py::test_it"] == "failed"
    assert {trace.unit: trace.read for trace in result.traces} == {"test_a.py": ("shop.py",)}
    assert "no coverage was kept of test_b.py: it starts os.system" in result.notes


def test_what_another_run_may_have_left_casts_a_doubt(worker, tmp_path):
    (tmp_path / "cache.json").write_text("{}")
    os.utime(tmp_path / "cache.json", (1, 1))
    body = f"def test_it(tmp_path):\n    open({str(tmp_path / 'cache.json')!r}).close()\n"
    own = "def test_it(tmp_path):\n    (tmp_path / 'a').write_text('')\n    open(tmp_path / 'a')\n"
    result = worker.run({"test_a.py": body, "test_b.py": own}, records=True)
    assert [trace.unit for trace in result.traces] == ["test_b.py"]
    assert "it reads what another run may have left" in result.notes[0]


def test_files_that_need_others_and_usual_runs_record_nothing(worker):
    files = {"shop.py": SHOP, "test_a.py": TEST, "test_b.py": TEST}
    rule = Dependency(units=("test_b.py",), providers=("test_a.py",))
    assert worker.run(files).traces == ()
    result = worker.run(files, records=True, dependencies=(rule,))
    assert (result.traces, set(outcomes(result).values())) == ((), {"passed"})
