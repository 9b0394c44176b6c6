"""Reads synthesized templates: resources by type, and roles as the rights that they grant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk.assertions import Template

from testfleet.config import Environment

ACCOUNTS = ("dev", "staging", "prod")

_HASH = re.compile(r"[0-9A-F]{8}$")
_EXPORT = re.compile(
    r"testfleet-\w+-(?P<stack>\w+):ExportsOutput(FnGetAtt|Ref)"
    r"(?P<id>\w+?)[0-9A-F]{8}(?P<attribute>\w*?)[0-9A-F]{8}"
)


@dataclass(frozen=True)
class Right:
    """One action on one resource."""

    action: str
    resource: str
    conditions: str = ""


@dataclass(frozen=True)
class Assembly:
    """The templates of one environment, by the short name of their stack."""

    config: Environment
    folder: Path
    stacks: Mapping[str, Mapping[str, Any]]
    problems: tuple[str, ...]
    """What cdk-nag and the CDK's own rules found."""

    def template(self, stack: str) -> Template:
        """One stack for assertions."""
        return Template.from_json(self.stacks[stack])

    def resources(self, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Stack, logical id and resource of everything of a type, in all stacks."""
        for stack, template in self.stacks.items():
            for name, resource in template["Resources"].items():
                if resource["Type"] == kind:
                    yield stack, name, resource

    def rights(self, stack: str, role: str) -> set[Right]:
        """Everything that the policies allow to the role with this construct path."""
        found: set[Right] = set()
        for _, name, policy in self.resources("AWS::IAM::Policy"):
            if _HASH.sub("", name) == f"{role}DefaultPolicy" and name in self._names(stack):
                for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                    found |= set(_rights(statement))
        return found

    def _names(self, stack: str) -> set[str]:
        return set(self.stacks[stack]["Resources"])


def read(value: Any) -> str:
    """An intrinsic function as short text: `<Data.Arn>/runs/*`, `<storage.Data.Arn>`."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"<{_HASH.sub('', name)}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{_HASH.sub('', name)}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(read(part) for part in parts)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(.*?)\}", r"<\1>", text)
        case {"Fn::ImportValue": export}:
            return _read_export(export)
    raise AssertionError(f"unknown intrinsic: {value}")


def rights_on(resource: str, *actions: str, conditions: str = "") -> set[Right]:
    """The rights to do these actions on one resource."""
    return {Right(action, resource, conditions) for action in actions}


def own_logs(log_group: str) -> set[Right]:
    """The right to write one log group."""
    return rights_on(f"<{log_group}.Arn>", "logs:CreateLogStream", "logs:PutLogEvents")


TRACES = rights_on("*", "xray:PutTraceSegments", "xray:PutTelemetryRecords")


def as_list(value: Any) -> list[Any]:
    """IAM writes a list of one as the thing itself."""
    return value if isinstance(value, list) else [value]


def _read_export(export: str) -> str:
    found = _EXPORT.fullmatch(export)
    assert found, export
    return "<" + ".".join(filter(None, (found["stack"], found["id"], found["attribute"]))) + ">"


def _rights(statement: Mapping[str, Any]) -> Iterator[Right]:
    assert statement["Effect"] == "Allow"
    conditions = " ".join(
        f"{key}={','.join(read(one) for one in as_list(wanted))}"
        for test in statement.get("Condition", {}).values()
        for key, wanted in sorted(test.items())
    )
    for action in as_list(statement["Action"]):
        for resource in as_list(statement["Resource"]):
            yield Right(action, read(resource), conditions)
