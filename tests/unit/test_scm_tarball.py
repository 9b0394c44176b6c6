"""Fetching a commit from a real server, with redirects, tokens, limits and failures."""

import http.server
import io
import tarfile
import threading
from dataclasses import dataclass, field

import pytest

from testfleet.errors import FleetError, UsageError
from testfleet.scm.source_archive import ArchiveLimits
from testfleet.scm.tarball import GITHUB_HOSTS, FetchPolicy, fetch_source

PATH = "/repos/octo/shop/tarball/main"


def make_tarball():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("octo-shop-a1b2c3d/test_a.py")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    return packed.getvalue()


@dataclass
class CodeHost:
    """Answers each path as told; notes what it was asked, and with which token."""

    answers: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    url: str = ""
    hold: threading.Event | None = None
    """While it is not set, the host is silent."""

    def answer(self, path, status=200, body=b"", **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, {"Content-Length": str(len(body))} | names, body)


def serve(host):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if host.hold and host.hold.wait(10):
                return
            host.asked.append((self.path, self.headers.get("Authorization")))
            status, headers, body = host.answers.get(self.path, (404, {"Content-Length": "0"}, b""))
            self.send_response(status)
            for name, value in headers.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    host.url = f"http://127.0.0.1:{server.server_port}"
    return server


@pytest.fixture
def make_host():
    servers = []

    def make():
        host = CodeHost()
        servers.append(serve(host))
        return host

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def host(make_host):
    return make_host()


def policy(**changes):
    return FetchPolicy(hosts=GITHUB_HOSTS, allow_loopback_http=True, **changes)


def fetch(host, **changes):
    return fetch_source(host.url + PATH, policy(**changes))


def test_a_commit_is_fetched_with_its_files_at_the_root(host):
    host.answer(PATH, body=make_tarball())
    with tarfile.open(fileobj=io.BytesIO(fetch(host).body)) as archive:
        assert archive.getnames() == ["test_a.py"]


def test_the_token_goes_to_the_first_host_and_to_no_other(make_host):
    host, storage = make_host(), make_host()
    host.answer(PATH, 302, Location="/moved")
    host.answer("/moved", 302, Location=f"{storage.url}/object?signature=s")
    storage.answer("/object?signature=s", body=make_tarball())
    fetch(host, token="t0ken")
    assert host.asked == [(PATH, "Bearer t0ken"), ("/moved", "Bearer t0ken")]
    assert storage.asked == [("/object?signature=s", None)]


def test_without_a_token_nothing_is_sent(host):
    host.answer(PATH, body=make_tarball())
    fetch(host)
    assert host.asked == [(PATH, None)]


def test_the_token_is_not_shown_with_the_policy():
    assert "t0ken" not in repr(policy(token="t0ken"))


@pytest.mark.parametrize(
    "location",
    [
        "http://evil.example.com/x",
        "https://evil.example.com/x",
        "https://api.github.com.evil.example.com/x",
        "https://api.github.com@evil.example.com/x",
        "https://user:secret@api.github.com/x",
        "https://api.github.com:8443/x",
        "file:///etc/passwd",
        "ftp://api.github.com/x",
        "//evil.example.com/x",
        "https://[bad/x",
        "https://api.github.com/a b",
        "",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused(host, location):
    host.answer(PATH, 302, Location=location)
    with pytest.raises(UsageError, match="refused to fetch the source from"):
        fetch(host, token="t0ken")
    assert len(host.asked) == 1


def test_plain_http_needs_permission_even_on_this_machine(host):
    strict = FetchPolicy(hosts=GITHUB_HOSTS)
    with pytest.raises(UsageError, match=r"refused .*http://127") as raised:
        fetch_source(host.url + PATH, strict)
    assert "https:// and one of the hosts api.github.com" in raised.value.hint
    assert host.asked == []


def test_a_circle_of_redirects_ends(host):
    host.answer(PATH, 307, Location=PATH)
    with pytest.raises(FleetError, match="redirects more than 5 times"):
        fetch(host)
    assert len(host.asked) == 6


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418, 204])
def test_a_missing_commit_and_a_missing_right_are_for_the_user_to_mend(host, status):
    host.answer(PATH, status)
    with pytest.raises(UsageError, match=f"answered {status}, expected 200") as raised:
        fetch(host)
    assert "token" in raised.value.hint


@pytest.mark.parametrize(
    ("status", "headers"),
    [(429, {}), (500, {}), (503, {}), (403, {"X_RateLimit_Remaining": "0"}),
     (403, {"Retry_After": "60"})],
)  # fmt: skip
def test_a_host_that_is_unwell_or_was_asked_too_often_may_be_tried_again(host, status, headers):
    host.answer(PATH, status, **headers)
    with pytest.raises(FleetError, match=r"try again later"):
        fetch(host)


def test_a_host_that_is_not_there_may_be_tried_again(host):
    with pytest.raises(FleetError, match=r"cannot reach http://127\.0\.0\.1:1/"):
        fetch_source("http://127.0.0.1:1/x", policy())


def test_an_announced_size_over_the_limit_is_refused(host):
    host.answer(PATH, body=bytes(2000))
    with pytest.raises(UsageError, match="larger than the limit of 1000 bytes"):
        fetch(host, limits=ArchiveLimits(packed_bytes=1000))


def test_a_size_that_was_not_announced_is_refused_as_well(host):
    host.answer(PATH, body=bytes(200_000), Content_Length=None)
    with pytest.raises(UsageError, match="larger than the limit of 1000 bytes"):
        fetch(host, limits=ArchiveLimits(packed_bytes=1000))


def test_a_transfer_that_breaks_off_is_noticed(host):
    host.answer(PATH, body=make_tarball(), Content_Length="5000")
    with pytest.raises(FleetError, match=r"broke off after \d+ of 5000 bytes"):
        fetch(host)


def test_a_transfer_without_end_is_ended_at_the_deadline(host):
    host.answer(PATH, body=make_tarball())
    seconds = iter(range(0, 1000, 300))
    with pytest.raises(FleetError, match="did not arrive within 240 s"):
        fetch(host, clock=lambda: next(seconds))


def test_a_host_that_falls_silent_is_given_up(host):
    host.hold = threading.Event()
    try:
        with pytest.raises(FleetError, match=r"cannot reach .*timed out"):
            fetch(host, read_timeout_s=0.1)
    finally:
        host.hold.set()
