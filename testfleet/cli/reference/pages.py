"""Which page is made from what. `python -m testfleet.cli.reference` writes all of them anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from testfleet.cli.reference.abilities import abilities_page
from testfleet.cli.reference.commands import cli_page
from testfleet.cli.reference.exit_codes import exit_codes_page
from testfleet.cli.reference.models import ModelPage, model_page
from testfleet.cli.reference.strategies import strategies_page
from testfleet.config import ROOT, Environment
from testfleet.contracts.models import Models
from testfleet.contracts.project import ProjectConfig
from testfleet.contracts.risk import RiskRules
from testfleet.contracts.routing import Routing

_PROJECT = ModelPage(
    title="testfleet.toml",
    model=ProjectConfig,
    intro=(
        "Lies in the root of the tested repository. Every key is optional, and so is the file: "
        "without it the suite is called `default`, and pytest's own configuration says what its "
        "tests are. Unknown keys are refused. How to use it: "
        "[Configure a suite](../how-to/configure-a-suite.md)."
    ),
)
_ENVIRONMENT = ModelPage(
    title="config/ENVIRONMENT.toml",
    model=Environment,
    intro=(
        "Lies in the checkout of Testfleet, one file for each place that the application is "
        "deployed to. The file's name is the environment's name: `--env dev` reads "
        "`config/dev.toml`. Unknown keys are refused. What each environment is for: "
        "[Deploy to an account](../how-to/deploy-to-an-account.md)."
    ),
    from_elsewhere=frozenset({"name"}),
)
_RISK = ModelPage(
    title="config/risk.toml",
    model=RiskRules,
    intro=(
        "Lies in the checkout of Testfleet and holds for every environment: what `testfleet risk` "
        "thinks of paths. A repository's own `[[risk.rules]]` come before these. Unknown keys are "
        "refused. How to use it: [Judge the risk of a change](../how-to/judge-a-change.md)."
    ),
)
_ROUTING = ModelPage(
    title="config/routing.toml",
    model=Routing,
    intro=(
        "Lies in the checkout of Testfleet and holds for every environment: which failures go to "
        "which repair engine and model, and how soon somebody should look. Unknown keys are "
        "refused. How to use it: [Read a red run](../how-to/read-a-red-run.md)."
    ),
)

_MODELS = ModelPage(
    title="config/models.toml",
    model=Models,
    intro=(
        "Lies in the checkout of Testfleet and holds for every environment: code models that "
        "repair may ask, and what counts in the choice of one. Their endpoints are keys of "
        "`[endpoints]` in `config/ENVIRONMENT.toml`. Unknown keys are refused. How to use it: "
        "[Repair with models](../how-to/repair-with-models.md)."
    ),
)

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "cli.md": cli_page,
    "exit-codes.md": exit_codes_page,
    "testfleet-toml.md": lambda: model_page(_PROJECT),
    "config.md": lambda: model_page(_ENVIRONMENT),
    "abilities.md": abilities_page,
    "strategies.md": strategies_page,
    "risk.md": lambda: model_page(_RISK),
    "routing.md": lambda: model_page(_ROUTING),
    "models.md": lambda: model_page(_MODELS),
}
"""File name in docs/reference, and what makes its text."""


def reference_folder(root: Path = ROOT) -> Path:
    """Where the pages lie."""
    return root / "docs" / "reference"


def write_pages(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (folder / name).write_text(make(), "utf-8")
