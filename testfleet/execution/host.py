"""Where this worker runs, and what it leaves of its own environment to the tests."""

from __future__ import annotations

import os
import platform
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import psutil

from testfleet.contracts.result import Host
from testfleet.execution import host_abilities as abilities

MARKER: Final = "TESTFLEET_TASK_ID"
"""Variable that every process of a task carries, so that it can be found and ended."""

RUNTIME_MEMORY_MB: Final = 160
"""What the worker and the Lambda runtime themselves need of a function's memory."""

RESERVE_S: Final = 10.0
"""Seconds of what the host has left that are kept for cleaning up and uploading."""

_OWN_PREFIXES: Final = (
    "AWS_",
    "_AWS_",
    "TESTFLEET_",
    "LAMBDA_",
    "_LAMBDA_",
    "_X_AMZN_",
    "ECS_",
    "MINISTACK_",
    "_MINISTACK_",
    "POWERTOOLS_",
)
_OWN_NAMES: Final = frozenset(
    [
        "_HANDLER",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "PYTEST_CURRENT_TEST",
        "PYTEST_VERSION",
        "GATEWAY_PORT",
        "BIND_HOST",
        "STATE_DIR",
        "PERSIST_STATE",
        "S3_PERSIST",
        "S3_DATA_DIR",
        "IOT_MTLS_ENABLED",
        "SFTP_ENABLED",
        "LOCALSTACK_HOSTNAME",
        "NODE_PATH",
    ]
)
_CLOUD_NAMES: Final = frozenset(
    [
        "PATH",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TERM",
        "USER",
        "LOGNAME",
        "SHELL",
        "LD_LIBRARY_PATH",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ]
)


@dataclass(frozen=True)
class WorkerOptions:
    """What the host grants to one task."""

    work_root: Path | None = None
    """Folder of working copies and caches. Default: TESTFLEET_WORK_ROOT, or a temporary one.

    No folder above it may hold a pytest configuration: pytest would take it for the project's.
    """
    time_left_s: float | None = None
    """Seconds until the host ends this process. The shard ends before."""
    interrupted: threading.Event = field(default_factory=threading.Event)
    """Set by the host to end the shard early."""
    exit_grace_s: float = 5.0
    """Seconds that a test process may take to end after its tests have."""

    def time_for_shard_s(self, limit_s: float) -> float:
        """The limit, or less where the host itself has less left."""
        if self.time_left_s is None:
            return limit_s
        return min(limit_s, max(0.0, self.time_left_s - RESERVE_S))

    def resolved_root(self) -> Path:
        """The folder to use."""
        named = self.work_root or os.environ.get("TESTFLEET_WORK_ROOT")
        return Path(named or temporary_folder() / f"testfleet-{os.getuid()}").resolve()


def temporary_folder() -> Path:
    """The machine's own temporary folder. TMPDIR of a daemon may lie deep, and within a project."""
    plain = Path("/tmp")  # noqa: S108  only a parent: what is made in it has a name and rights of its own
    return plain if os.access(plain, os.W_OK) else Path(tempfile.gettempdir())


def this_host() -> Host:
    """Describe the machine or function that runs this."""
    kind = _kind()
    name = platform.node()
    if kind == "lambda":
        name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", name)
    return Host(
        kind=kind,
        name=f"{name}:{os.getpid()}" if kind == "local" else name,
        cpu_count=len(os.sched_getaffinity(0)),
        memory_mb=_memory_mb(kind),
        architecture=abilities.architecture(),
        disk_mb=abilities.disk_mb(WorkerOptions().resolved_root()),
        browsers=abilities.browsers(os.environ),
        docker=abilities.reaches_docker(os.environ),
        has_route=abilities.has_route(),
    )


def memory_for_tests_mb(host: Host, limit_mb: int) -> int:
    """The limit, or less where the function itself has less."""
    if host.kind != "lambda":
        return limit_mb
    return max(64, min(limit_mb, host.memory_mb - RUNTIME_MEMORY_MB))


def base_environment(host: Host, environ: Mapping[str, str]) -> dict[str, str]:
    """What the tests inherit: at home all but what is the fleet's own, in the cloud a few names."""
    if host.kind == "local":
        return {name: value for name, value in environ.items() if not _is_own(name)}
    return {name: value for name, value in environ.items() if name in _CLOUD_NAMES}


def _is_own(name: str) -> bool:
    return name.startswith(_OWN_PREFIXES) or name in _OWN_NAMES


def _kind() -> Literal["lambda", "fargate", "local"]:
    # The emulator sets the function's name, too. An image of one's own has no AWS_EXECUTION_ENV,
    # but it must be told where to ask for work.
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        return "lambda"
    if "ECS_CONTAINER_METADATA_URI_V4" in os.environ:
        return "fargate"
    return "local"


def _memory_mb(kind: str) -> int:
    declared = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if kind == "lambda" and declared.isdigit():
        return int(declared)
    return int(psutil.virtual_memory().total // 2**20)
