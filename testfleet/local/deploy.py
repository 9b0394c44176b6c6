"""Deploys the application onto the fleet: `app.py`, then the CDK CLI of this checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from testfleet.config import ROOT
from testfleet.errors import FleetError
from testfleet.local.environment import ACCOUNT, deploy_environment
from testfleet.local.gateway import Gateway
from testfleet.local.home import FleetHome, explained
from testfleet.local.processes import kill_tree
from testfleet.local.tether import tied, tied_environment

CDK = ROOT / "node_modules" / ".bin" / "cdk"
_SYNTH_LIMIT_S = 180
_DEPLOY_LIMIT_S = 300
_NOWHERE = "http://127.0.0.1:9"
_SHOWN_LINES = 8
_NEEDED_MB = 100
"""What the CDK and jsii unpack and write in passing."""
_TELLING = re.compile(r"error|fail|❌|cannot|not found|denied|refused", re.IGNORECASE)


@dataclass(frozen=True)
class Deployed:
    """What the CDK CLI reports of a deployment."""

    stacks: tuple[str, ...]
    outputs: dict[str, str]
    """Outputs of all stacks, without those that only carry one stack's values to another."""


def synthesise(home: FleetHome, fingerprint: str) -> Path:
    """The cloud assembly of the embedded environment; made once for each fingerprint.

    It calls no AWS API, so it may run before the fleet is up. Raises FleetError.
    """
    assembly = home.assemblies / fingerprint
    if assembly.exists():
        return assembly
    _need_node()
    draft = home.assemblies / f"draft-{os.getpid()}"
    environment = {
        **deploy_environment(home, _NOWHERE, "us-east-1"),
        "CDK_OUTDIR": str(draft),
        "CDK_CONTEXT_JSON": json.dumps({"environment": "local"}),
    }
    home.empty_tools_tmp()
    home.deploy_log.write_text("", "utf-8")
    try:
        tool = Tool("synthesis of the application", environment, home.deploy_log)
        tool.run([sys.executable, "app.py"], _SYNTH_LIMIT_S)
        with explained("cannot keep the synthesised application"):
            shutil.rmtree(assembly, ignore_errors=True)
            draft.rename(assembly)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _forget_others(assembly)
    return assembly


def deploy(home: FleetHome, assembly: Path, gateway: Gateway) -> Deployed:
    """Deploy all stacks of the assembly. Raises FleetError with what the CDK CLI said."""
    environment = deploy_environment(home, gateway.endpoint_url, gateway.region)
    _need_node()
    if not CDK.exists():
        raise FleetError(
            f"the CDK CLI is not installed: there is no {CDK}",
            hint="install it: make setup (or npm ci, in the checkout)",
        )
    gateway.create_bucket(f"cdk-hnb659fds-assets-{ACCOUNT}-{gateway.region}")
    home.empty_tools_tmp()
    outputs = home.root / "outputs.json"
    Tool("deployment of the application", environment, home.deploy_log).run(
        [
            str(CDK), "deploy", "--all", "--app", str(assembly), "--method=direct",
            "--concurrency", "4", "--require-approval", "never", "--progress", "events", "--ci",
            "--no-notices", "--no-version-reporting", "--outputs-file", str(outputs),
        ],
        _DEPLOY_LIMIT_S,
    )  # fmt: skip
    return _read_deployed(assembly, outputs)


@dataclass(frozen=True)
class Tool:
    """A program whose output goes to a log."""

    what: str
    environment: Mapping[str, str]
    log: Path

    def run(self, command: Sequence[str], limit_s: float) -> None:
        """Run it in the checkout. Raises FleetError with the telling lines of what it printed.

        Whatever interrupts the wait also ends the program and its children.
        """
        with explained(f"cannot run the {self.what}"), self.log.open("ab") as log:
            started_at = log.tell()
            process = subprocess.Popen(
                tied(command), cwd=ROOT, env=tied_environment(self.environment),
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                code = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                raise FleetError(
                    f"the {self.what} did not end within {limit_s:.0f} s", hint=self._hint()
                ) from None
            finally:
                if process.returncode is None:
                    kill_tree(process.pid)
                    process.wait()
        if code != 0:
            said = self.log.read_bytes()[started_at:].decode("utf-8", "replace")
            raise FleetError(
                f"the {self.what} failed (exit code {code}){self._need()}:\n{telling_lines(said)}",
                hint=self._hint(),
            )

    def _hint(self) -> str:
        return f"all of its output: {self.log}"

    def _need(self) -> str:
        """A full disk, if that may be the reason: then nobody could write it into the log."""
        free_mb = shutil.disk_usage(self.log.parent).free // 2**20
        if free_mb >= _NEEDED_MB:
            return ""
        return (
            f", and no more than {free_mb} MB are left on the disk of {self.log.parent}; free"
            f" {_NEEDED_MB} MB there, or set TESTFLEET_HOME to a folder on a larger disk"
        )


def telling_lines(output: str) -> str:
    """The last lines that speak of an error, or the last ones at all."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    return "\n".join((telling or lines)[-_SHOWN_LINES:])


def _read_deployed(assembly: Path, outputs: Path) -> Deployed:
    by_stack: dict[str, dict[str, str]] = (
        json.loads(outputs.read_text("utf-8")) if outputs.exists() else {}
    )
    outputs.unlink(missing_ok=True)
    manifest = json.loads((assembly / "manifest.json").read_text("utf-8"))
    stacks = [
        artifact.get("properties", {}).get("stackName", name)
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    merged = {
        name: value
        for stack in by_stack.values()
        for name, value in stack.items()
        if not name.startswith("Exports")
    }
    return Deployed(tuple(sorted(stacks)), merged)


def _need_node() -> None:
    if shutil.which("node") is None:
        raise FleetError(
            "node is not on PATH; the CDK needs Node.js 20 or newer",
            hint="install Node.js, then: make setup",
        )


def _forget_others(assembly: Path) -> None:
    for other in assembly.parent.iterdir():
        if other != assembly:
            shutil.rmtree(other, ignore_errors=True)
