"""A team's past, imported: the first plan knows it, and the first run adds to it."""

import json

import pytest

TESTS = "import time\n\ndef test_one():\n    time.sleep(0.3)\n\ndef test_two():\n    {end}\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("known") / "project"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_a.py").write_text(TESTS.format(end="assert False"))
    (root / "tests" / "test_b.py").write_text(TESTS.format(end="pass"))
    return root


def data(done):
    assert done.code == 0, done.said
    return json.loads(done.out)


def test_what_was_imported_is_planned_with_and_joined_by_the_first_run(cli, root):
    durations = root / ".test_durations"
    names = ["test_a.py::test_one", "test_a.py::test_two", "test_b.py::test_one"]
    durations.write_text(json.dumps({f"tests/{name}": 2.0 for name in names}))

    assert data(cli("history", "import", durations, root, "--json"))["units"] == 2
    shards = data(cli("plan", root, "--json"))["shards"]
    seconds = {unit["id"]: unit["predicted_s"] for shard in shards for unit in shard["units"]}
    assert seconds == {"tests/test_a.py": 4.0, "tests/test_b.py": 2.0}

    assert cli.run(root).code == 1
    known = data(cli("history", "show", root, "--json"))
    past = known["units"]["tests/test_a.py"]
    assert (past["runs"], past["recent"], past["failed"]) == (2, "-f", 1)
    assert past["recent_profiles"][0] == "imported"
    assert known["tests"]["tests/test_a.py::test_two"]["failed"] == 1
    assert data(cli("history", "import", durations, root, "--json"))["known_before"] == 1
