"""All stacks of one environment, and how they hang together."""

from __future__ import annotations

import json

from aws_cdk import App, CloudFormationValidatePlugin, Validations

from stacks.answers import AnswerProps, AnswersStack
from stacks.code import build_bundle
from stacks.events import EventProps, EventsStack
from stacks.observability import ObservabilityProps, ObservabilityStack
from stacks.repairs import RepairProps, RepairsStack
from stacks.schedules import ScheduleProps, SchedulesStack
from stacks.storage import StorageStack
from stacks.webhook import WebhookProps, WebhookStack
from stacks.workers import WorkerProps, WorkersStack
from stacks.workflows import WorkflowProps, WorkflowsStack
from testfleet.config import ROOT, Environment


def new_app(outdir: str | None = None) -> App:
    """An app with the feature flags of cdk.json, which only the CDK CLI would read by itself."""
    flags = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    return App(
        context=flags,
        outdir=outdir,
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
    )


def build_stacks(app: App, config: Environment) -> None:
    """Add the environment's stacks to the app."""
    bundle = build_bundle(with_dependencies=config.bundle_dependencies)
    storage = StorageStack(app, config)
    workers = WorkersStack(app, config, WorkerProps(bundle=bundle, storage=storage))
    events = EventsStack(app, config, EventProps(bundle=bundle, storage=storage))
    workflows = WorkflowsStack(
        app,
        config,
        WorkflowProps(bundle=bundle, storage=storage, workers=workers, events=events),
    )
    webhook = WebhookStack(
        app, config, WebhookProps(bundle=bundle, storage=storage, workflows=workflows)
    )
    schedules = SchedulesStack(
        app, config, ScheduleProps(bundle=bundle, storage=storage, workflows=workflows)
    )
    answers = AnswersStack(
        app, config, AnswerProps(bundle=bundle, storage=storage, workflows=workflows)
    )
    repairs = RepairsStack(
        app,
        config,
        RepairProps(bundle=bundle, storage=storage, workers=workers, workflows=workflows),
    )
    asynchronous = [schedules.function, answers.function, repairs.starter]
    if events.recorder is not None:
        asynchronous.append(events.recorder)
    # Imported when wanted: the emulator has none of their services, and loading them takes time.
    if "models" in config.optional_stacks:
        from stacks.models import ModelsStack  # noqa: PLC0415

        endpoints = ModelsStack(app, config, storage, answers).endpoints
        if "classifier" in endpoints:
            from stacks.retraining import RetrainingProps, RetrainingStack  # noqa: PLC0415

            learns = endpoints["classifier"]
            retraining = RetrainingProps(bundle=bundle, storage=storage, endpoint=learns)
            RetrainingStack(app, config, retraining)
    if "costs" in config.optional_stacks:
        from stacks.costs import CostsStack  # noqa: PLC0415

        asynchronous.append(CostsStack(app, config, bundle).function)
    if config.scaling:
        from stacks.warm_capacity import WarmCapacityProps, WarmCapacityStack  # noqa: PLC0415

        warm = WarmCapacityProps(bundle=bundle, storage=storage, workers=workers)
        asynchronous.append(WarmCapacityStack(app, config, warm).function)
    ObservabilityStack(
        app,
        config,
        ObservabilityProps(
            workers=workers,
            workflows=workflows,
            repairs=repairs,
            webhook=webhook,
            asynchronous=tuple(asynchronous),
        ),
    )


def check_templates(app: App) -> None:
    """Have cdk-nag and the CDK's own rules examine every template at synthesis."""
    # Loading the rules takes seconds that the laptop need not spend.
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    Validations.of(app).add_plugins(AwsSolutionsChecks(app), CloudFormationValidatePlugin())
