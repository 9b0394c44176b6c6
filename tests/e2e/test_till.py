"""The example in TypeScript, with the real Vitest and the real Playwright Test, on the fleet."""

import shutil
from pathlib import Path

import pytest

TILL = Path(__file__).parents[2] / "examples" / "till"
needs_packages = pytest.mark.skipif(
    not (TILL / "node_modules" / ".bin" / "vitest").exists(),
    reason="examples/till has no node_modules; `make test` installs them",
)
needs_browser = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="there is no chromium on PATH"
)


@pytest.fixture
def till(tmp_path):
    """A copy, since reports are written beside it. Its packages stay where they are."""
    copy = tmp_path / "till"
    shutil.copytree(TILL, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(TILL / "node_modules")
    return copy


@needs_packages
def test_vitest_has_the_outcomes_that_it_has_at_home(cli, till):
    done = cli.run(till)
    assert done.code == 1, done.said
    failed = [test for test, outcome in done.outcomes.items() if outcome != "passed"]
    assert failed == [
        "src/basket.test.ts > a basket > takes vouchers",
        "src/receipt.test.ts > is never wider than the paper",
    ]
    assert len(done.outcomes) == 20


@needs_packages
@needs_browser
def test_playwright_drives_a_real_browser(cli, till):
    done = cli.run(till, "--suite", "browser")
    assert done.code == 0, done.said
    assert sorted(done.outcomes.values()) == ["passed", "passed", "passed", "skipped"]
