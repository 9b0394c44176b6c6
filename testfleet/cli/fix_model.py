"""The code models that `testfleet fix` may ask: at home, or those of an environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from testfleet.cli.console import say

if TYPE_CHECKING:
    from pathlib import Path

    from testfleet.contracts.models import Models
    from testfleet.contracts.repair import FixReport
    from testfleet.repair.model.conversation import Ask
    from testfleet.repair.model.engine import ModelEngine

NAME: Final = "model"
_NOT_CONFIGURED: Final = (
    "no code model is configured, so the engine `model` has nothing to say: name a folder of models"
    " in TESTFLEET_MODELS, or an environment with --models"
)


@contextmanager
def model_engine(
    engines: Sequence[str], environment: str | None, memory: Path
) -> Iterator[Sequence[ModelEngine]]:
    """The engine `model`, ready for the block, in a sequence of one; an empty one when no model is
    configured or it is not among the engines asked for. `memory` is the file of earlier fixes of
    the tree. Raises UsageError, FleetError."""
    with ExitStack() as stack:
        found = _reachable(stack, environment) if not engines or NAME in engines else None
        if found is None:
            if NAME in engines:
                say(_NOT_CONFIGURED)
            yield ()
            return
        from testfleet.cli.fix_memory import past_fixes
        from testfleet.repair.model.engine import Desk, ModelEngine
        from testfleet.repair.model.record import load_records

        models, available, ask = found
        records = load_records(_record_file()).by_domain()
        past = past_fixes(memory).fixes
        yield (ModelEngine(Desk(models, available, ask, records=records, past=past)),)


def remember(engines: Sequence[ModelEngine], report: FixReport) -> None:
    """Note how the models that were asked have done. Where another engine was faster, nothing is
    known of them."""
    from testfleet.contracts.repair import FixStatus
    from testfleet.repair.model.record import load_records, save_records

    fixed = report.status is FixStatus.FIXED
    won = fixed and report.engine == NAME
    asked = [pair for engine in engines for pair in engine.asked]
    if asked and (won or not fixed):
        path = _record_file()
        save_records(path, load_records(path).with_search(asked, report.template if won else ""))


def _record_file() -> Path:
    from testfleet.cli.home import home

    return home() / "models.json"


def _reachable(
    stack: ExitStack, environment: str | None
) -> tuple[Models, frozenset[str], Ask] | None:
    if environment is not None:
        return _of_environment(environment)
    folder = os.environ.get("TESTFLEET_MODELS")
    return _at_home(stack, folder) if folder else None


def _at_home(stack: ExitStack, folder: str) -> tuple[Models, frozenset[str], Ask] | None:
    """None, with a note, when the folder has other models only."""
    from pathlib import Path

    from testfleet.aws.fixer import AsynchronousModels
    from testfleet.config import load_models
    from testfleet.local.model_process import BUCKET, PREFIX, models_at_home
    from testfleet.local.models import model_folders

    models = load_models()
    place = str(Path(folder).absolute())
    names = [model.endpoint for model in models.models.values()]
    found = model_folders(place, names)
    if not found:
        say(f"TESTFLEET_MODELS is {folder!r}: it has no folder named {' or '.join(names)}")
        return None
    served = stack.enter_context(models_at_home(place, sorted(found)))
    ask = AsynchronousModels(served.client(), served.objects, BUCKET, PREFIX)
    return models, frozenset(found), ask


def _of_environment(name: str) -> tuple[Models, frozenset[str], Ask]:
    from testfleet.aws import clients
    from testfleet.aws.fixer import AsynchronousModels
    from testfleet.cli.client import connect
    from testfleet.config import load_environment, load_models
    from testfleet.errors import UsageError

    models, environment = load_models(), load_environment(name)
    deployed = environment.endpoints if "models" in environment.optional_stacks else {}
    wanted = {model.endpoint for model in models.models.values()}
    available = frozenset(wanted & set(deployed))
    if not available:
        raise UsageError(
            f"environment {name!r} has no code models: none of {', '.join(sorted(wanted))} is"
            " deployed there",
            hint=f"add [endpoints.NAME] to config/{name}.toml, with `models` in optional_stacks",
        )
    client = connect(name, say)
    ask = AsynchronousModels(
        clients.sagemaker_runtime(), client.objects, client.objects.bucket, environment.prefix
    )
    return models, available, ask
