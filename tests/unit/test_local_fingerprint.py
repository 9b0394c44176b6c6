"""When the application counts as changed."""

import pytest

from testfleet.local.fingerprint import application_fingerprint, program_fingerprint

DEPLOYED = [
    "app.py",
    "cdk.json",
    "config/local.toml",
    "lambdas/worker/handler.py",
    "requirements.txt",
    "stacks/storage.py",
    "statemachines/run-tests.asl.json",
    "testfleet/planning/sharding/plan.py",
]
OTHER = [
    "README.md",
    "examples/shop/test_x.py",
    "stacks/__pycache__/storage.pyc",
    "testfleet/cli/main.py",
    "testfleet/local/fleet.py",
    "tests/unit/test_x.py",
]


@pytest.fixture
def checkout(tmp_path):
    for name in DEPLOYED + OTHER:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    return tmp_path


@pytest.mark.parametrize("name", DEPLOYED)
def test_a_change_to_what_is_deployed_is_seen(checkout, name):
    before = application_fingerprint(checkout)
    (checkout / name).write_text("after")
    assert application_fingerprint(checkout) != before


@pytest.mark.parametrize("name", OTHER)
def test_a_change_to_anything_else_is_not(checkout, name):
    before = application_fingerprint(checkout)
    (checkout / name).write_text("after")
    assert application_fingerprint(checkout) == before


def test_a_renamed_file_is_a_change(checkout):
    before = application_fingerprint(checkout)
    (checkout / "stacks/storage.py").rename(checkout / "stacks/store.py")
    assert application_fingerprint(checkout) != before


def test_text_that_moves_between_files_is_a_change(checkout):
    (checkout / "stacks/a.py").write_text("xy")
    (checkout / "stacks/b.py").write_text("z")
    before = application_fingerprint(checkout)
    (checkout / "stacks/a.py").write_text("x")
    (checkout / "stacks/b.py").write_text("yz")
    assert application_fingerprint(checkout) != before


def test_a_missing_file_is_no_error(checkout):
    (checkout / "cdk.json").unlink()
    assert application_fingerprint(checkout)


def test_the_daemon_is_old_when_our_code_around_it_changed(checkout):
    before = program_fingerprint(checkout)
    program_fingerprint.cache_clear()
    (checkout / "testfleet/local/fleet.py").write_text("after")
    assert program_fingerprint(checkout) != before
    program_fingerprint.cache_clear()
