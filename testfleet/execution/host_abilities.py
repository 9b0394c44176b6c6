"""What this machine has, from facts that lie on it: nothing is started, nothing is sent out.

All of it together takes some milliseconds; every shard asks.
"""

from __future__ import annotations

import platform
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_ARCHITECTURES: Final = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64"}
_PROGRAMS: Final = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "firefox": ("firefox", "firefox-esr"),
    "webkit": ("MiniBrowser", "epiphany-browser", "epiphany"),
}
_DOCKER_SOCKET: Final = "/var/run/docker.sock"
_DOCKER_WAIT_S: Final = 0.2
_ROUTES: Final = Path("/proc/net/route")
_ROUTES_V6: Final = Path("/proc/net/ipv6_route")


def architecture() -> str:
    """The processor, in the words of profiles."""
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


def disk_mb(folder: Path) -> int | None:
    """Size of the volume that the folder lies on, or will lie on. None when nobody can tell."""
    for place in (folder, *folder.parents):
        if place.is_dir():
            try:
                return shutil.disk_usage(place).total // 2**20
            except OSError:
                return None
    return None


def browsers(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Browsers on PATH, and those that Playwright has fetched for its own use."""
    fetched = _playwright_folders(environ)
    path = environ.get("PATH", "")
    return tuple(
        name
        for name, programs in _PROGRAMS.items()
        if any(folder.startswith(name) for folder in fetched)
        or any(shutil.which(program, path=path) for program in programs)
    )


def reaches_docker(environ: Mapping[str, str]) -> bool:
    """Whether the Docker daemon of this machine takes connections.

    One elsewhere, `DOCKER_HOST` over TCP, is believed without asking: that would be network.
    """
    address = urlsplit(environ.get("DOCKER_HOST") or f"unix://{_DOCKER_SOCKET}")
    if address.scheme != "unix":
        return bool(address.scheme)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_DOCKER_WAIT_S)
        try:
            client.connect(address.path)
        except OSError:
            return False
    return True


def has_route(routes: Path = _ROUTES, routes_v6: Path = _ROUTES_V6) -> bool | None:
    """Whether there is a default route, by IPv4 or IPv6. None where the kernel does not tell."""
    tables = [text for path in (routes, routes_v6) if (text := _text(path)) is not None]
    lines = [line.split() for text in tables for line in text.splitlines()]
    return any(_is_default(fields) for fields in lines) if tables else None


def _is_default(fields: list[str]) -> bool:
    """`eth0 00000000 gateway flags ... mask` or `destination prefix-length ... device`."""
    match fields:
        case [_, "00000000", _, _, _, _, _, "00000000", *_]:
            return True
        case [destination, "00", *_, device]:
            return set(destination) == {"0"} and device != "lo"
    return False


def _text(path: Path) -> str | None:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return None


def _playwright_folders(environ: Mapping[str, str]) -> list[str]:
    named = environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    home = environ.get("HOME")
    if named in ("", "0"):
        folder = Path(home) / ".cache" / "ms-playwright" if home else None
    else:
        folder = Path(named)
    try:
        return [entry.name for entry in folder.iterdir()] if folder else []
    except OSError:
        return []
