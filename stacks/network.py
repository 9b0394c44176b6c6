"""The network of the Fargate workers: no NAT, no way in.

Either the workers have public addresses and reach out through the internet gateway, or (with
`interface_endpoints`) they live in subnets without a route to the internet and reach only S3,
DynamoDB, the image registry and the logs through endpoints.
"""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.base import FleetStack

_ISOLATED = ec2.SubnetType.PRIVATE_ISOLATED
_HTTPS = 443
_TABLE_ACTIONS = [
    f"dynamodb:{verb}"
    for verb in ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "BatchWriteItem")
]


class Network(Construct):
    """Virtual network, the workers' subnets and their security group."""

    def __init__(self, stack: FleetStack, data: s3.IBucket) -> None:
        super().__init__(stack, "Network")
        self.config = stack.config
        self.vpc = self._build_vpc()
        self.security_group = self._build_security_group()
        self._build_gateway_endpoints(stack, data)
        if self.config.interface_endpoints:
            self._build_interface_endpoints()
        if self.config.flow_logs:
            self._build_flow_logs(stack)

    @property
    def subnet_ids(self) -> list[str]:
        """The workers' subnets, one in each of two zones."""
        return [subnet.subnet_id for subnet in self._subnets()]

    @property
    def assign_public_ip(self) -> str:
        """What RunTask is told: without NAT only a public address leads to the image registry."""
        return "DISABLED" if self.config.interface_endpoints else "ENABLED"

    def _subnets(self) -> list[ec2.ISubnet]:
        isolated = self.config.interface_endpoints
        return self.vpc.isolated_subnets if isolated else self.vpc.public_subnets

    def _build_vpc(self) -> ec2.Vpc:
        return ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/16"),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=20,
                    map_public_ip_on_launch=False,
                ),
                ec2.SubnetConfiguration(name="Isolated", subnet_type=_ISOLATED, cidr_mask=20),
            ],
        )

    def _build_security_group(self) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self,
            "Workers",
            vpc=self.vpc,
            description="Workers: nobody may connect to them",
            allow_all_outbound=True,
        )

    def _build_gateway_endpoints(self, stack: FleetStack, data: s3.IBucket) -> None:
        """Without charge, on the workers' subnets.

        Where there is no internet, other accounts' buckets and tables would be the way out for
        what untrusted tests have read: there, the endpoints lead to our own ones only.
        """
        service = ec2.GatewayVpcEndpointAwsService
        subnets = [ec2.SubnetSelection(subnets=self._subnets())]
        objects = self.vpc.add_gateway_endpoint("S3", service=service.S3, subnets=subnets)
        tables = self.vpc.add_gateway_endpoint(
            "DynamoDb", service=service.DYNAMODB, subnets=subnets
        )
        if self.config.interface_endpoints:
            own = data.arn_for_objects("*")
            layers = f"arn:{Aws.PARTITION}:s3:::prod-{Aws.REGION}-starport-layer-bucket/*"
            objects.add_to_policy(_anybody(["s3:GetObject", "s3:PutObject"], own))
            objects.add_to_policy(_anybody(["s3:GetObject"], layers))
            mine = stack.arn_of("dynamodb", f"table/{self.config.prefix}-*")
            tables.add_to_policy(_anybody(_TABLE_ACTIONS, mine))

    def _build_interface_endpoints(self) -> None:
        group = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description="Endpoints: workers may connect to them",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(self.security_group, ec2.Port.tcp(_HTTPS), "HTTPS from the workers")
        services = ec2.InterfaceVpcEndpointAwsService
        for name, service in {
            "Registry": services.ECR,
            "RegistryImages": services.ECR_DOCKER,
            "Logs": services.CLOUDWATCH_LOGS,
        }.items():
            self.vpc.add_interface_endpoint(
                name,
                service=service,
                subnets=ec2.SubnetSelection(subnet_type=_ISOLATED),
                security_groups=[group],
                open=False,
            )

    def _build_flow_logs(self, stack: FleetStack) -> None:
        scope = Construct(self, "FlowLogs")
        group = stack.log_group(scope, f"/testfleet/{stack.name_of('network')}")
        role = iam.Role(
            scope, "Role", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com")
        )
        self.vpc.add_flow_log(
            "FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role)
        )


def _anybody(actions: list[str], resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()], actions=actions, resources=[resource]
    )
