"""What several test files use: a cart, a payment provider on this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from products import CUP, TEAPOT

from shop.cart import Cart


@pytest.fixture
def cart() -> Cart:
    """A teapot and two cups."""
    cart = Cart()
    cart.add(TEAPOT)
    cart.add(CUP, 2)
    return cart


class Provider(ThreadingHTTPServer):
    """A payment provider that takes its time."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.latency_s = 0.12
        self.outages = 0
        self.charges: list[dict[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        charge = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.server.latency_s)
        if self.server.outages > 0:
            self.server.outages -= 1
            self._answer(503, {})
        elif charge["card"].startswith("4000"):
            self._answer(402, {})
        else:
            self.server.charges.append(charge)
            self._answer(200, {"receipt": f"R-{len(self.server.charges)}"})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests readable."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider of one test's own."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
