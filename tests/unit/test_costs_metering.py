import pytest

from testfleet.config import Profile
from testfleet.contracts.plan import Compute, Shard
from testfleet.contracts.result import ShardResult, UnitStatus
from testfleet.costs.metering import CostInput, run_cost, worker_usd
from testfleet.costs.prices import US_EAST_1
from tests.planning_samples import make_result, make_shard

LAMBDA = Profile(
    compute=Compute.LAMBDA, memory_mb=2048, vcpu=1, disk_mb=10240, time_limit_s=840, startup_s=2
)
FARGATE = LAMBDA.model_copy(update={"compute": Compute.FARGATE, "disk_mb": 30720, "startup_s": 50})
PROFILES = {"local": LAMBDA, "large": FARGATE}


def shard(shard_id: str = "r1-0000", profile: str = "local") -> Shard:
    return make_shard(shard_id, "a").model_copy(update={"profile": profile})


def result(shard_id: str = "r1-0000") -> ShardResult:
    """Ten seconds on a worker."""
    return make_result(shard_id, {"a": UnitStatus.FINISHED})


def test_a_lambda_worker_is_charged_by_memory_disk_and_request() -> None:
    cost = run_cost(CostInput([shard()], [result()], PROFILES, control_calls=1))
    alone = run_cost(CostInput([], [], PROFILES, control_calls=1))
    worker = 12 * (2 * 0.0000166667 + 9.5 * 0.0000000309) + 0.2e-6
    assert cost.by_service["lambda"] - alone.by_service["lambda"] == pytest.approx(worker)


def test_a_fargate_worker_is_charged_by_cores_memory_and_disk() -> None:
    cost = run_cost(CostInput([shard(profile="large")], [result()], PROFILES))
    rate = 0.04048 + 2 * 0.004445 + 10 * 0.000111
    assert cost.by_service["fargate"] == pytest.approx(60 * rate / 3600)


def test_a_fargate_task_is_charged_for_a_minute_at_least() -> None:
    quick = FARGATE.model_copy(update={"startup_s": 0})
    cost = run_cost(CostInput([shard(profile="large")], [result()], {"large": quick}))
    assert cost.by_service["fargate"] == pytest.approx(60 * (0.04048 + 0.00889 + 0.00111) / 3600)


def test_a_spot_task_costs_a_share_of_one_on_demand() -> None:
    spot = {"large": FARGATE.model_copy(update={"spot": True})}
    cheap = run_cost(CostInput([shard(profile="large")], [result()], spot))
    usual = run_cost(CostInput([shard(profile="large")], [result()], PROFILES))
    share = cheap.by_service["fargate"] / usual.by_service["fargate"]
    assert share == pytest.approx(US_EAST_1.fargate_spot_share)


def test_a_lost_shard_is_charged_with_what_was_predicted() -> None:
    done = run_cost(CostInput([shard()], [result()], PROFILES, control_calls=9))
    lost = run_cost(CostInput([shard()], [], PROFILES, control_calls=9))
    seconds = 10 - shard().predicted_s
    rate = 2 * 0.0000166667 + 9.5 * 0.0000000309
    assert done.by_service["lambda"] - lost.by_service["lambda"] == pytest.approx(seconds * rate)


def test_each_shard_adds_its_transitions() -> None:
    one = run_cost(CostInput([shard()], [result()], PROFILES)).by_service["step-functions"]
    two = run_cost(CostInput([shard(), shard("r1-0001")], [result()], PROFILES))
    assert two.by_service["step-functions"] - one == pytest.approx(4 * US_EAST_1.transition)


def test_another_round_costs_more() -> None:
    one = run_cost(CostInput([shard()], [result()], PROFILES))
    two = run_cost(CostInput([shard()], [result()], PROFILES, rounds=2))
    assert two.usd > one.usd


def test_the_whole_is_the_sum_of_its_services() -> None:
    cost = run_cost(CostInput([shard(), shard("r1-0001", "large")], [result()], PROFILES))
    assert set(cost.by_service) == {"lambda", "fargate", "step-functions", "s3", "dynamodb"}
    assert cost.usd == pytest.approx(sum(cost.by_service.values()))
    assert all(usd > 0 for usd in cost.by_service.values())


def test_a_shard_of_an_unknown_profile_costs_only_what_is_common() -> None:
    cost = run_cost(CostInput([shard(profile="gone")], [result()], PROFILES))
    assert "fargate" not in cost.by_service


def test_arm_and_spot_are_cheaper_by_their_own_prices():
    arm = LAMBDA.model_copy(update={"architecture": "arm64", "disk_mb": 512})
    spot = FARGATE.model_copy(update={"spot": True})
    assert worker_usd(arm, 10) == pytest.approx(10 * 2 * 0.0000133334 + 0.2e-6)
    assert worker_usd(spot, 600) == pytest.approx(0.3 * worker_usd(FARGATE, 600))
