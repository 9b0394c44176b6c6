"""Which environment variables reach the daemon, the CDK CLI and the clients of the fleet."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

from testfleet.errors import FleetError
from testfleet.local.home import FleetHome

ACCOUNT = "000000000000"
_KEY = "test"
_LOOPBACK = "127.0.0.1"

MODELS_VARIABLE = "TESTFLEET_MODELS"
"""Folder with one folder for each model that a server stands in for SageMaker with."""

_KEPT = frozenset(
    {
        "CONTAINERS_CONF",
        "CURL_CA_BUNDLE",
        "DOCKER_HOST",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "REQUESTS_CA_BUNDLE",
        "SHELL",
        "SSH_AUTH_SOCK",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TERM",
        "TESTFLEET_CONTAINERS",
        MODELS_VARIABLE,
        "TESTFLEET_WORK_ROOT",
        "TZ",
        "USER",
    }
)
_KEPT_PREFIXES = ("LC_", "XDG_", "PIP_", "UV_", "NODE_", "COVERAGE_")
_PROXIES = frozenset({"ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"})


def plain_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a program needs of the user's environment whoever started the fleet, and no more.

    The daemon outlives the shell that it is started from, so it takes nothing that is that shell's
    own: no credentials, no virtual environment, no settings of Python, pytest or AWS.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES) or name.upper() in _PROXIES
    }
    return kept | _direct_to_loopback(kept)


def client_environment(endpoint_url: str, region: str) -> dict[str, str]:
    """What makes boto3 and the CDK CLI talk to the fleet, with keys that open nothing else."""
    return {
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ENDPOINT_URL_S3": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        **_direct_to_loopback(os.environ),
    }


def use_emulator(
    environ: MutableMapping[str, str], endpoint_url: str, region: str
) -> MutableMapping[str, str]:
    """Put the fleet in place of every AWS setting in `environ`, and return it.

    A profile or an endpoint of one service would otherwise lead past the fleet.
    """
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(client_environment(endpoint_url, region))
    return environ


def deploy_environment(home: FleetHome, endpoint_url: str, region: str) -> dict[str, str]:
    """Environment of synthesis and of the CDK CLI.

    Raises FleetError when the endpoint is not on this machine: nothing that runs in this
    environment can reach an account.
    """
    refuse_real_aws(endpoint_url)
    return {
        **plain_environment(os.environ),
        **client_environment(endpoint_url, region),
        **_jsii_cache(home),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_HOME": str(home.tools),
        "TMPDIR": str(home.tools_tmp),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }


def refuse_real_aws(endpoint_url: str) -> None:
    """Raises FleetError unless the endpoint is plain http on the loopback address."""
    address = urlsplit(endpoint_url)
    if address.scheme != "http" or address.hostname != _LOOPBACK:
        raise FleetError(
            f"refusing to deploy the local application to {endpoint_url!r}: "
            f"expected http://{_LOOPBACK}:<port>",
            hint="deploy to an account with: make deploy-dev",
        )


def _jsii_cache(home: FleetHome) -> dict[str, str]:
    cache = Path.home() / ".cache"
    if os.access(cache if cache.exists() else cache.parent, os.W_OK):
        return {}
    # jsii waits for ever for a lock in a cache that it cannot write.
    return {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(home.tools / "jsii")}


def _direct_to_loopback(environ: Mapping[str, str]) -> dict[str, str]:
    direct = [
        part for part in environ.get("NO_PROXY", environ.get("no_proxy", "")).split(",") if part
    ]
    if "*" not in direct:
        direct += [name for name in (_LOOPBACK, "localhost") if name not in direct]
    return {"NO_PROXY": ",".join(direct), "no_proxy": ",".join(direct)}
