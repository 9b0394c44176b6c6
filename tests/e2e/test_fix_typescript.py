"""`testfleet fix` on a TypeScript project, as a user types it. It needs no fleet."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.command import Command

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on PATH")

INSTALLED = Path(__file__).parents[2] / "node_modules"
CONFIG = """{
  // Comments and commas at the end are allowed here.
  "compilerOptions": { "strict": true, "noEmit": true, "types": [], "lib": ["es2022"] },
  "include": ["src"],
}
"""
CART = """\
export interface Cart { items: { price: number }[] }
export const total = (cart: Cart) => cart.itmes.reduce((sum, item) => sum + item.price, 0);
export const count = (cart: Cart) => cart.items.length;
"""


def test_a_type_error_is_repaired_applied_and_taken_back(tmp_path):
    testfleet = Command(tmp_path / "home")
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "tsconfig.json").write_text(CONFIG)
    (root / "src" / "cart.ts").write_text(CART)
    (root / "node_modules").symlink_to(INSTALLED)
    done = testfleet("fix", root, "--engine", "tools,rewrite", "--apply", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["status"] == "fixed"
    assert report["files"] == ["src/cart.ts"]
    assert (root / "src" / "cart.ts").read_text() == CART.replace("itmes", "items")
    assert testfleet("fix", root).code == 5
    assert testfleet("fix", root, "--undo").code == 0
    assert (root / "src" / "cart.ts").read_text() == CART
