from __future__ import annotations

import socket
from pathlib import Path

import pytest

from testfleet.execution import host_abilities as module
from testfleet.execution.host import this_host

ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0
"""
DEFAULT = "eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n"
ZERO = "0" * 32
ROUTE_V6 = f"{ZERO} 00 {ZERO} 00 {ZERO} 00000064 00000001 00000000 00000003 eth0\n"


@pytest.mark.parametrize(
    ("machine", "word"), [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64")]
)
def test_processors_have_the_names_of_profiles(
    monkeypatch: pytest.MonkeyPatch, machine: str, word: str
) -> None:
    monkeypatch.setattr(module.platform, "machine", lambda: machine)

    assert module.architecture() == word


def test_the_disk_is_that_of_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert module.disk_mb(tmp_path / "not" / "yet") == module.disk_mb(tmp_path)


def test_browsers_are_found_on_path_and_in_playwrights_folder(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "google-chrome"
    program.parent.mkdir()
    program.touch(mode=0o755)
    (tmp_path / "fetched" / "webkit-2104").mkdir(parents=True)
    environ = {
        "PATH": str(program.parent),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "fetched"),
    }

    assert module.browsers(environ) == ("chromium", "webkit")
    assert module.browsers({"PATH": str(tmp_path), "HOME": str(tmp_path)}) == ()


def test_docker_is_there_when_its_socket_takes_connections(tmp_path: Path) -> None:
    path = tmp_path / "d.sock"
    environ = {"DOCKER_HOST": f"unix://{path}"}

    assert not module.reaches_docker(environ)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as daemon:
        daemon.bind(str(path))
        assert not module.reaches_docker(environ)
        daemon.listen()
        assert module.reaches_docker(environ)


def test_a_docker_elsewhere_is_believed() -> None:
    assert module.reaches_docker({"DOCKER_HOST": "tcp://10.0.0.1:2376"})


@pytest.mark.parametrize(
    ("routes", "routes_v6", "expected"),
    [
        (ROUTES + DEFAULT, None, True),
        (ROUTES, None, False),
        (ROUTES, ROUTE_V6, True),
        (ROUTES, ROUTE_V6.replace("eth0", "lo"), False),
        (None, None, None),
    ],
)
def test_a_way_out_is_a_default_route(
    tmp_path: Path, routes: str | None, routes_v6: str | None, expected: bool | None
) -> None:
    for name, text in (("v4", routes), ("v6", routes_v6)):
        if text is not None:
            (tmp_path / name).write_text(text)

    assert module.has_route(tmp_path / "v4", tmp_path / "v6") is expected


def test_a_host_reports_what_it_has() -> None:
    host = this_host()

    assert host.architecture == module.architecture()
    assert host.disk_mb is not None
    assert host.browsers is not None
    assert host.docker is not None
