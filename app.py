"""Builds the stacks of one environment: `cdk synth -c environment=dev`; without a name, local.

It asks no account and needs no credentials. `cdk.json` says how the CDK finds it.
"""

from __future__ import annotations

import sys

from stacks.application import build_stacks, check_templates, new_app
from testfleet.config import load_environment
from testfleet.errors import TestfleetError


def main() -> int:
    """Write the cloud assembly of the environment that the context names."""
    app = new_app()
    try:
        config = load_environment(app.node.try_get_context("environment") or "local")
        build_stacks(app, config)
        if not config.embedded:
            check_templates(app)
        app.synth()
    except TestfleetError as exc:
        sys.stderr.write(f"{exc}\n{exc.hint}\n")
        return exc.exit_code
    except RuntimeError as exc:
        # The CDK, across the border to Node: it has printed its findings before.
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
