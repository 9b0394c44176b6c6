from __future__ import annotations

from pathlib import Path

import pytest

from testfleet.config import ROOT, Environment, environment_names, load_environment
from testfleet.contracts.plan import Compute
from testfleet.errors import UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path


def _write(root: Path, text: str, *, old: str = "", new: str = "") -> Path:
    path = root / "config" / "dev.toml"
    path.write_text(text.replace(old, new) if old else text)
    return root


def _dev() -> str:
    return (ROOT / "config" / "dev.toml").read_text()


@pytest.mark.parametrize("name", environment_names())
def test_every_environment_of_the_repository_is_valid(name: str) -> None:
    config = load_environment(name)

    assert config.prefix == f"testfleet-{name}"
    assert {config.largest(compute).compute for compute in Compute} == set(Compute)


def test_an_unknown_environment_is_answered_with_the_known_ones(root: Path) -> None:
    _write(root, _dev())

    with pytest.raises(UsageError, match=r"no environment 'moon'.*dev"):
        load_environment("moon", root)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("logs_days = 7", "logs_days = 8", "retention.logs_days"),
        ("runs_days = 14", "runs_days = 0", "retention.runs_days"),
        ("ml.g4dn.xlarge", "g4dn.xlarge", "endpoints.classifier.instance_type"),
        ('default_profile = "lambda"', 'default_profile = "moon"', "'moon'"),
        ("monthly_usd = 200", "monthly_usd = 0", "budget.monthly_usd"),
        ("[fleet]", "colour = 1\n[fleet]", "colour: unknown key"),
        ("[fleet]", "[quotas.types.full]\nusd = -1\n[fleet]", "quotas.types.full.usd"),
        ("[fleet]", "[quotas.teams.a]\nslots = 1\n[fleet]", "quotas.teams.a.slots: unknown key"),
        ("[fleet]", "optional_stacks = []\n[scaling]\nwarm_workers = 1\n[fleet]", "no [scaling]"),
        ('compute = "lambda"', 'compute = "lambda"\nspot = true', "spot is for compute"),
        ('compute = "lambda"', 'compute = "lambda"\ngpus = -1', "profiles.lambda.gpus"),
        ("[budget]", '[groups.all]\nprofiles = ["moon"]\n[budget]', "'moon'"),
        ("[budget]", "[groups.all]\nprofiles = []\n[budget]", "groups.all.profiles"),
        ("[budget]", '[groups.fargate]\nprofiles = ["lambda"]\n[budget]', "is a profile and a"),
        ("[fleet]", "interface_endpoints = true\n[fleet]", "profiles.fargate.network"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_and_key(
    root: Path, old: str, new: str, told: str
) -> None:
    _write(root, _dev(), old=old, new=new)

    with pytest.raises(UsageError, match=r"dev\.toml") as caught:
        load_environment("dev", root)

    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('browsers = { opera = "1" }', "opera"),
        ('browsers = { chromium = "new" }', "browsers.chromium"),
        ('architecture = "mips"', "architecture"),
        ('network = "moon"', "network"),
    ],
)
def test_a_profile_cannot_promise_what_no_worker_has(root: Path, keys: str, told: str) -> None:
    _write(root, _dev(), old='compute = "lambda"', new=f'compute = "lambda"\n{keys}')

    with pytest.raises(UsageError) as caught:
        load_environment("dev", root)

    assert told in str(caught.value)


def test_the_workers_of_an_environment_share_an_architecture(root: Path) -> None:
    second = """
[profiles.second]
compute = "lambda"
architecture = "arm64"
memory_mb = 512
vcpu = 1
disk_mb = 512
time_limit_s = 60
startup_s = 1
"""
    _write(root, _dev() + second)

    with pytest.raises(UsageError, match="must have the same architecture"):
        load_environment("dev", root)


def test_a_group_may_be_the_usual_place(root: Path) -> None:
    group = '\n[groups.all]\nprofiles = ["lambda", "fargate"]\nweights = { price = 1.0 }\n'
    _write(root, _dev() + group, old='"lambda"\nfall', new='"all"\nfall')

    assert load_environment("dev", root).groups["all"].weights.price == 1.0


def test_files_that_hold_everywhere_are_no_environments(root: Path) -> None:
    _write(root, _dev())
    (root / "config" / "risk.toml").write_text('otherwise = "low"\n')

    assert environment_names(root) == ["dev"]


def test_more_repositories_than_a_rule_has_targets_are_refused(root: Path) -> None:
    tables = "".join(
        f'[[schedules.repositories]]\nrepository = "acme/r{number}"\n' for number in range(6)
    )
    _write(root, _dev() + tables)

    with pytest.raises(UsageError, match=r"schedules\.repositories.*at most 5"):
        load_environment("dev", root)


def test_the_largest_profile_of_a_compute_is_the_one_with_most_memory() -> None:
    config = _with_profiles(small=1024, large=3008)

    assert config.largest(Compute.LAMBDA).memory_mb == 3008


def test_a_compute_without_a_profile_is_told_with_the_remedy() -> None:
    with pytest.raises(UsageError, match=r"dev\.toml: no profile has compute = 'fargate'") as told:
        _with_profiles(small=1024).largest(Compute.FARGATE)

    assert "[profiles.NAME]" in told.value.hint


def _with_profiles(**memory_mb: int) -> Environment:
    config = load_environment("dev")
    profile = config.profiles["lambda"]
    profiles = {
        name: profile.model_copy(update={"memory_mb": size}) for name, size in memory_mb.items()
    }
    return config.model_copy(update={"profiles": profiles})


@pytest.mark.parametrize(("spot", "provider"), [(False, "FARGATE"), (True, "FARGATE_SPOT")])
def test_a_spot_profile_is_started_on_spot_capacity(*, spot: bool, provider: str) -> None:
    profile = load_environment("dev").profiles["fargate"].model_copy(update={"spot": spot})

    assert profile.capacity_provider.value == provider
