"""Real weights, where they are installed (requirements-models.txt): from question to verdict."""

import os
import sys

import pytest

from benchmarks.small_models import installed, lay_out
from testfleet.aws.fixer import AsynchronousModels
from testfleet.config import load_models
from testfleet.contracts.repair import FixStatus
from testfleet.local.model_process import BUCKET, PREFIX, models_at_home
from testfleet.repair.fix import FixJob, fix
from testfleet.repair.model.engine import Desk, ModelEngine
from testfleet.repair.project import Project

pytestmark = pytest.mark.skipif(not installed(), reason="no weights here: requirements-models.txt")
SOURCE = "def total(prices, tax):\n    return sum(prices) - tax\n"
TESTS = "from shop import total\n\n\ndef test_total():\n    assert total([1, 2], 1) == 4\n"


@pytest.mark.parametrize("weights", installed() or ["none"])
def test_a_small_model_is_asked_read_and_judged(tmp_path, weights):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "shop.py").write_text(SOURCE)
    (tmp_path / "project" / "test_shop.py").write_text(TESTS)
    project = Project(tmp_path / "project", ["shop.py", "test_shop.py"], sys.executable,
                      env=dict(os.environ))  # fmt: skip
    few = {"samples": 2, "answer_tokens": 64, "context_tokens": 2048}
    models = load_models()
    short = {name: each.model_copy(update=few) for name, each in models.models.items()}
    folder = str(lay_out(weights, tmp_path / "models", "fixer-small"))
    with models_at_home(folder, ["fixer-small"]) as home:
        ask = AsynchronousModels(home.client(), home.objects, BUCKET, PREFIX)
        desk = Desk(models.model_copy(update={"models": short}), frozenset({"fixer-small"}), ask)
        engine = ModelEngine(desk)
        report = fix(FixJob(project, [engine], budget_s=240.0)).report
    # Such a small model may repair it or not; every answer is a candidate or refused.
    assert len(engine.asked) == 2 and report.cost > 0
    assert report.candidates.generated + engine.refused.total() >= 1
    assert report.status is not FixStatus.FIXED or "sum(prices) + tax" in report.patch
    assert (tmp_path / "project" / "shop.py").read_text() == SOURCE
