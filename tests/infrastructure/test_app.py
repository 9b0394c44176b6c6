from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacks.application import new_app
from testfleet.config import ROOT


def _synthesize(folder: Path, **context: str) -> subprocess.CompletedProcess[str]:
    names = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)}
    # Whoever synthesizes needs no account and no credentials.
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=kept | names,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_name_the_laptop_is_meant(tmp_path: Path) -> None:
    done = _synthesize(tmp_path)

    assert done.returncode == 0, done.stderr
    stacks = {path.name.split(".")[0] for path in tmp_path.glob("*.template.json")}
    names = ("storage", "workers", "workflows", "webhook", "schedules", "answers", "observability")
    names += ("events", "repairs")
    assert stacks == {f"testfleet-local-{name}" for name in names}


def test_an_unknown_environment_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    done = _synthesize(tmp_path, environment="moon")

    assert done.returncode == 2
    assert "no environment 'moon'" in done.stderr
    assert "dev, local, prod, staging" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_laptop_needs_no_bootstrap(tmp_path: Path) -> None:
    _synthesize(tmp_path)

    manifest = json.loads((tmp_path / "manifest.json").read_text())["artifacts"]
    stacks = [a["properties"] for a in manifest.values() if a["type"] == _STACK]

    assert stacks
    assert not [one for one in stacks if "assumeRoleArn" in one]
    assert not [one for one in stacks if "requiresBootstrapStackVersion" in one]


def test_flags_are_those_of_the_cdk_file_also_without_the_cdk_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]

    app = new_app(str(tmp_path))

    assert {flag: app.node.try_get_context(flag) for flag in flags} == flags


_STACK = "aws:cloudformation:stack"
