"""Synthesis and the CDK CLI: what is run, and what is said when it fails."""

import json
import os
import sys

import pytest

from testfleet.errors import FleetError
from testfleet.local import deploy as module
from testfleet.local.deploy import Tool, deploy, synthesise, telling_lines
from testfleet.local.gateway import Gateway
from testfleet.local.home import FleetHome
from testfleet.local.processes import ProcessId, wait_for_end

FAILING = """
import sys
print('one of many lines')
print('Error: the stack has no bucket', file=sys.stderr)
print('the last line')
sys.exit(3)
"""
HANGING = """
import pathlib, subprocess, sys, time
child = subprocess.Popen(['sleep', '60'])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""


@pytest.fixture
def tool(tmp_path):
    return Tool("deployment", dict(os.environ), tmp_path / "deploy.log")


@pytest.fixture
def home(tmp_path):
    made = FleetHome(tmp_path / "home")
    made.prepare()
    return made


def test_a_failure_shows_the_telling_lines_and_where_all_of_them_are(tool):
    with pytest.raises(FleetError) as error:
        tool.run([sys.executable, "-c", FAILING], 60)
    assert str(error.value) == (
        "the deployment failed (exit code 3):\nError: the stack has no bucket"
    )
    assert error.value.hint == f"all of its output: {tool.log}"
    assert "one of many lines" in tool.log.read_text()


def test_only_this_failure_is_shown_and_none_of_an_earlier_one(tool):
    tool.log.write_text("Error: of yesterday\n")
    with pytest.raises(FleetError) as error:
        tool.run([sys.executable, "-c", FAILING], 60)
    assert "yesterday" not in str(error.value)


def test_what_does_not_end_is_ended_with_its_children(tool, tmp_path):
    pid_file = tmp_path / "pid"
    with pytest.raises(FleetError, match="did not end within 2 s"):
        tool.run([sys.executable, "-c", HANGING, str(pid_file)], 2)
    child = ProcessId.of(int(pid_file.read_text()))
    assert child is None or wait_for_end(child, 20)


def test_a_program_that_is_not_there_is_said(tool):
    with pytest.raises(FleetError, match="No such file or directory"):
        tool.run(["/no/such/program"], 60)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("", ""),
        ("a\n\nb\n", "a\nb"),
        ("fine\n❌ stack\nfine\n", "❌ stack"),
        (
            "\n".join(f"error {n}" for n in range(99)),
            "\n".join(f"error {n}" for n in range(91, 99)),
        ),
    ],
)
def test_of_a_long_output_few_lines_are_shown(output, shown):
    assert telling_lines(output) == shown


def test_without_node_the_message_says_what_to_install(home, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FleetError, match="node is not on PATH") as error:
        synthesise(home, "fingerprint")
    assert "make setup" in error.value.hint


def test_without_the_cdk_cli_the_message_says_how_to_get_it(home, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "CDK", tmp_path / "cdk")
    with pytest.raises(FleetError, match="the CDK CLI is not installed") as error:
        deploy(home, tmp_path, Gateway("http://127.0.0.1:9", "us-east-1"))
    assert "make setup" in error.value.hint


def test_an_assembly_is_made_once(home):
    made = home.assemblies / "fingerprint"
    made.mkdir(parents=True)
    assert synthesise(home, "fingerprint") == made


def test_a_failed_synthesis_leaves_no_assembly_behind(home, monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/bin/false")
    with pytest.raises(FleetError, match="synthesis of the application failed"):
        synthesise(home, "fingerprint")
    assert not (home.assemblies / "fingerprint").exists()


def test_outputs_of_all_stacks_are_one_and_links_between_stacks_are_none(tmp_path):
    artifacts = {
        "S": {"type": "aws:cloudformation:stack", "properties": {"stackName": "app-storage"}},
        "app-workers": {"type": "aws:cloudformation:stack"},
        "T": {"type": "cdk:tree"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"app-storage": {"DataBucket": "b", "ExportsOutputX": "y"}}))
    deployed = module._read_deployed(tmp_path, outputs)
    assert deployed.stacks == ("app-storage", "app-workers")
    assert deployed.outputs == {"DataBucket": "b"}
    assert not outputs.exists()


def test_an_emulator_that_does_not_answer_is_said():
    with pytest.raises(FleetError, match="did not answer") as error:
        Gateway("http://127.0.0.1:9", "us-east-1").create_bucket("b")
    assert "testfleet up" in error.value.hint
