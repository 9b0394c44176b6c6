"""Scaling of an asynchronous endpoint between zero instances and its maximum."""

from __future__ import annotations

from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from testfleet.config import Endpoint

VARIANT = "AllTraffic"
_NAMESPACE = "AWS/SageMaker"
SERVICE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_IN_COOLDOWN_S = 600
_OUT_COOLDOWN_S = 300


def scalable_resource(endpoint_name: str) -> str:
    """The endpoint's name in Application Auto Scaling."""
    return f"endpoint/{endpoint_name}/variant/{VARIANT}"


class ScaleToZero(Construct):
    """Target tracking on the backlog, and a step that starts the first instance.

    Target tracking alone leaves zero only once more requests wait than its target, so a single
    one could wait for ever. `HasBacklogWithoutCapacity` is what SageMaker reports of it.
    """

    def __init__(
        self, scope: Construct, endpoint: sagemaker.CfnEndpoint, settings: Endpoint
    ) -> None:
        super().__init__(scope, "Scaling")
        self._name = str(endpoint.endpoint_name)
        self._target = self._build_target(endpoint, settings)
        self._build_tracking(settings)
        self._build_wake_up()

    def _build_target(
        self, endpoint: sagemaker.CfnEndpoint, settings: Endpoint
    ) -> autoscaling.CfnScalableTarget:
        target = autoscaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace=SERVICE,
            scalable_dimension=DIMENSION,
            resource_id=scalable_resource(self._name),
            min_capacity=0,
            max_capacity=settings.max_instances,
        )
        # The target names the endpoint without referring to it.
        target.node.add_dependency(endpoint)
        return target

    def _build_tracking(self, settings: Endpoint) -> None:
        metric = autoscaling.CfnScalingPolicy.CustomizedMetricSpecificationProperty(
            namespace=_NAMESPACE,
            metric_name="ApproximateBacklogSizePerInstance",
            dimensions=[
                autoscaling.CfnScalingPolicy.MetricDimensionProperty(
                    name="EndpointName", value=self._name
                )
            ],
            statistic="Average",
        )
        tracking = autoscaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
            target_value=settings.backlog_per_instance,
            customized_metric_specification=metric,
            scale_in_cooldown=_IN_COOLDOWN_S,
            scale_out_cooldown=_OUT_COOLDOWN_S,
        )
        autoscaling.CfnScalingPolicy(
            self,
            "Backlog",
            policy_name=f"{self._name}-backlog",
            policy_type="TargetTrackingScaling",
            scaling_target_id=self._target.ref,
            target_tracking_scaling_policy_configuration=tracking,
        )

    def _build_wake_up(self) -> None:
        one_more = autoscaling.CfnScalingPolicy.StepAdjustmentProperty(
            metric_interval_lower_bound=0, scaling_adjustment=1
        )
        policy = autoscaling.CfnScalingPolicy(
            self,
            "WakeUp",
            policy_name=f"{self._name}-wake-up",
            policy_type="StepScaling",
            scaling_target_id=self._target.ref,
            step_scaling_policy_configuration=(
                autoscaling.CfnScalingPolicy.StepScalingPolicyConfigurationProperty(
                    adjustment_type="ChangeInCapacity",
                    metric_aggregation_type="Average",
                    cooldown=_OUT_COOLDOWN_S,
                    step_adjustments=[one_more],
                )
            ),
        )
        cloudwatch.CfnAlarm(
            self,
            "WaitsWithoutInstance",
            alarm_description="Requests wait and no instance runs: start one",
            namespace=_NAMESPACE,
            metric_name="HasBacklogWithoutCapacity",
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name="EndpointName", value=self._name)
            ],
            statistic="Average",
            period=60,
            evaluation_periods=2,
            datapoints_to_alarm=2,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="missing",
            alarm_actions=[policy.ref],
        )
