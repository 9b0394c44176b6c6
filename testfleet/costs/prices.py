"""AWS list prices that a run is charged by, before any free tier or discount.

For US East (N. Virginia), Linux, as published during 2025 (DynamoDB after its reduction of
November 2024). Sources: aws.amazon.com/lambda/pricing, /fargate/pricing, /step-functions/pricing,
/s3/pricing, /dynamodb/pricing/on-demand. Nothing looks them up at run time: mend them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_MILLION: Final = 1_000_000
_HOUR_S: Final = 3600


@dataclass(frozen=True)
class Prices:
    """US dollars for one of each."""

    lambda_gb_s: float
    lambda_arm_gb_s: float
    lambda_request: float
    lambda_disk_gb_s: float
    """Of the disk above 512 MB."""
    fargate_vcpu_s: float
    fargate_gb_s: float
    fargate_arm_vcpu_s: float
    fargate_arm_gb_s: float
    fargate_disk_gb_s: float
    """Of the disk above 20 GB."""
    fargate_spot_share: float
    """What a Spot task costs, as a share of the same on demand."""
    transition: float
    """One state transition of a standard workflow."""
    s3_put: float
    s3_get: float
    dynamodb_write: float
    dynamodb_read: float


LAMBDA_WARM_GB_S: Final = 0.0000041667
"""Provisioned concurrency: what a GB of a worker costs while it waits."""
INSTANCE_HOUR: Final[Mapping[str, float]] = {
    "ml.g4dn.xlarge": 0.736,
    "ml.g4dn.2xlarge": 0.940,
    "ml.g5.xlarge": 1.408,
    "ml.g5.2xlarge": 1.515,
}
"""SageMaker inference, by type of instance (aws.amazon.com/sagemaker/pricing)."""

US_EAST_1: Final = Prices(
    lambda_gb_s=0.0000166667,  # first tier, up to 6 billion GB-s a month
    lambda_arm_gb_s=0.0000133334,
    lambda_request=0.20 / _MILLION,
    lambda_disk_gb_s=0.0000000309,
    fargate_vcpu_s=0.04048 / _HOUR_S,
    fargate_gb_s=0.004445 / _HOUR_S,
    fargate_arm_vcpu_s=0.03238 / _HOUR_S,
    fargate_arm_gb_s=0.00356 / _HOUR_S,
    fargate_disk_gb_s=0.000111 / _HOUR_S,
    fargate_spot_share=0.3,  # "up to 70 % off": the price varies by region and day
    transition=0.025 / 1000,
    s3_put=0.005 / 1000,
    s3_get=0.0004 / 1000,
    dynamodb_write=0.625 / _MILLION,
    dynamodb_read=0.125 / _MILLION,
)
