"""What reaches the daemon, the CDK CLI and the fleet's clients of the user's environment."""

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.errors import FleetError
from testfleet.local.environment import (
    client_environment,
    deploy_environment,
    plain_environment,
    refuse_real_aws,
    use_emulator,
)
from testfleet.local.fleet import point_to_fleet
from testfleet.local.home import FleetHome
from testfleet.local.info import FleetInfo

URL = "http://127.0.0.1:4000"


def test_the_daemon_gets_no_credentials_and_no_settings_of_a_shell():
    shell = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "AWS_ACCESS_KEY_ID": "real",
        "GITHUB_TOKEN": "real",
        "PYTHONPATH": "/mine",
        "PYTEST_ADDOPTS": "-x",
        "VIRTUAL_ENV": "/venv",
        "LAMBDA_EXECUTOR": "docker",
    }
    kept = plain_environment(shell)
    assert kept.keys() == {"PATH", "LC_ALL", "NO_PROXY", "no_proxy"}


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_nothing_that_aws_or_python_reads_ever_reaches_the_daemon(shell):
    kept = plain_environment(shell | {f"AWS_{name}": "x" for name in shell})
    assert not [name for name in kept if name.startswith(("AWS_", "PYTHON", "PYTEST"))]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "intern.example"}, "intern.example,127.0.0.1,localhost"),
        ({"no_proxy": "localhost"}, "localhost,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_a_proxy_never_stands_before_the_loopback_address(before, after):
    kept = plain_environment(before)
    assert (kept["NO_PROXY"], kept["no_proxy"]) == (after, after)


def test_every_aws_setting_of_the_user_makes_way_for_the_fleet():
    environ = {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL_DYNAMODB": "https://x", "HOME": "/h"}
    use_emulator(environ, URL, "eu-west-1")
    assert environ["HOME"] == "/h"
    assert "AWS_PROFILE" not in environ
    assert "AWS_ENDPOINT_URL_DYNAMODB" not in environ
    assert environ["AWS_ENDPOINT_URL"] == URL
    assert environ["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_boto3_talks_to_the_fleet_whatever_profile_the_shell_names(monkeypatch):
    for name in client_environment(URL, "us-east-1"):
        monkeypatch.setenv(name, "before")
    monkeypatch.setenv("AWS_PROFILE", "there-is-no-such-profile")
    info = FleetInfo(
        endpoint_url=URL, region="us-east-1", pid=1, outputs={}, stacks=(), application="x"
    )
    point_to_fleet(info)
    client = boto3.Session().client("dynamodb")
    assert client.meta.endpoint_url == URL
    assert client.meta.region_name == "us-east-1"


@pytest.mark.parametrize(
    "url",
    [
        "https://cloudformation.us-east-1.amazonaws.com",
        "http://127.0.0.1.example.com:80",
        "https://127.0.0.1:4000",
        "http://10.0.0.1:4000",
        "",
    ],
)
def test_deploying_the_local_application_anywhere_else_is_refused(tmp_path, url):
    with pytest.raises(FleetError, match="refusing to deploy") as error:
        deploy_environment(FleetHome(tmp_path), url, "us-east-1")
    assert "make deploy-dev" in error.value.hint
    refuse_real_aws(URL)


def test_the_cdk_keeps_its_files_in_the_fleets_home(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "prod")
    environment = deploy_environment(FleetHome(tmp_path), URL, "us-east-1")
    assert environment["CDK_HOME"] == str(tmp_path / "tools")
    assert environment["TMPDIR"] == str(tmp_path / "tools" / "tmp")
    assert environment["AWS_ENDPOINT_URL_S3"] == URL
    assert "AWS_PROFILE" not in environment


def test_jsii_is_given_a_cache_when_the_home_folder_cannot_be_written(tmp_path, monkeypatch):
    # It waits for ever for a lock in a cache that it cannot write.
    monkeypatch.setenv("HOME", str(tmp_path / "no" / "such"))
    environment = deploy_environment(FleetHome(tmp_path), URL, "us-east-1")
    assert environment["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] == str(tmp_path / "tools" / "jsii")
