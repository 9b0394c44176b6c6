"""Repair of TypeScript compiler errors, on small projects and with the compiler of package.json."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from testfleet.config import ROOT
from testfleet.contracts.repair import FixStatus
from testfleet.errors import UsageError
from testfleet.repair.fix import FixResult
from testfleet.repair.typescript.fix import Options, fix_typescript
from testfleet.repair.typescript.home import is_typescript
from testfleet.repair.typescript.service import Service

NODE = shutil.which("node") or ""
pytestmark = pytest.mark.skipif(not NODE, reason="Node.js is not installed")

CONFIG = {
    "compilerOptions": {
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022"],
        "strict": True,
        "types": [],
        "noEmit": True,
    },
    "include": ["src"],
}
USER = "export interface User { id: number; name: string; email?: string }\n"


def project(root: Path, files: Mapping[str, str]) -> Path:
    (root / "tsconfig.json").write_text(json.dumps(CONFIG), "utf-8")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    return root


def fixed(root: Path, budget_s: float = 60.0) -> FixResult:
    files = [path.relative_to(root).as_posix() for path in (root / "src").rglob("*.ts")]
    options = Options(files=("tsconfig.json", *files), budget_s=budget_s)
    return fix_typescript(root, options)


def repaired(result: FixResult, path: str) -> str:
    assert result.report.status is FixStatus.FIXED, result.report.reason
    return result.files[path][1].decode()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("export const f = (u: User) => u.nam;", "u.name;"),
        ("export const f = (u: User, n: number) => g(n, u);", "g(u, n)"),
        ("export const f = (u: User): User => { const { id, name } = u; return { id }; };", "name"),
        ("export const f = (n: number, u: User) => g(u, n, true);", "g(u, n);"),
    ],
    ids=["spelling", "swapped", "missing-property", "superfluous"],
)
def test_single_errors_are_repaired(tmp_path: Path, wrong: str, right: str) -> None:
    head = 'import type { User } from "./user";\n'
    helper = "const g = (u: User, n: number): string => u.name.repeat(n);\nexport { g };\n"
    root = project(tmp_path, {"src/user.ts": USER, "src/a.ts": head + helper + wrong + "\n"})
    text = repaired(fixed(root), "src/a.ts")
    assert right in text.splitlines()[-1]
    assert (root / "src/a.ts").read_text("utf-8").endswith(wrong + "\n")


def test_a_wrong_declaration_is_repaired_where_it_stands(tmp_path: Path) -> None:
    uses = (
        'import { area } from "./area";\n'
        "export const a = area(2, 3) + area(4, 5);\nexport const b = area(1, 1) * 2;\n"
    )
    area = "export function area(w: number, h: string): number {\n  return w * h;\n}\n"
    root = project(tmp_path, {"src/area.ts": area, "src/uses.ts": uses})
    result = fixed(root)
    assert "h: number" in repaired(result, "src/area.ts")
    assert len(result.report.tests) > 1


def test_two_faults_are_repaired_one_after_the_other(tmp_path: Path) -> None:
    text = 'import type { User } from "./user";\nexport const f = (u: User) => u.nmae;\n'
    more = (
        "export const h = (u: User) => u.name;\n"
        "export async function g(p: Promise<string>) {\n  return p.length;\n}\n"
    )
    root = project(tmp_path, {"src/user.ts": USER, "src/a.ts": text, "src/b.ts": USER + more})
    result = fixed(root)
    assert "u.name;" in repaired(result, "src/a.ts")
    assert "(await p).length" in repaired(result, "src/b.ts")


def test_line_ends_and_characters_outside_of_the_plane_survive(tmp_path: Path) -> None:
    text = '\ufeffconst s = "\U0001f600";\r\nexport const n: number = s.lenght;\r\n'
    root = project(tmp_path, {"src/a.ts": text})
    result = fixed(root)
    assert repaired(result, "src/a.ts") == text.replace("lenght", "length")
    assert "\r\n" in result.report.patch


def test_what_only_silences_the_compiler_is_no_fix(tmp_path: Path) -> None:
    text = "export const f = (x: unknown) => x * 2;\n"
    result = fixed(project(tmp_path, {"src/a.ts": text}))
    assert "any" not in result.report.patch
    silent = [one for one in result.report.suggestions if "any" in one.patch]
    assert all(one.concerns for one in silent)


def test_no_complaint_is_nothing_failed(tmp_path: Path) -> None:
    report = fixed(project(tmp_path, {"src/user.ts": USER})).report
    assert report.status is FixStatus.NOTHING_FAILED
    assert "1 file" in report.reason


def test_tests_that_would_fail_speak_against_a_patch(tmp_path: Path) -> None:
    text = "export const half = (n: number, w: number) => n / w;\nexport const q = half(2);\n"
    root = project(tmp_path, {"src/a.ts": text})
    (root / "node_modules").unlink()
    bin_ = root / "node_modules" / ".bin"
    bin_.mkdir(parents=True)
    (root / "node_modules" / "typescript").symlink_to(ROOT / "node_modules" / "typescript")
    (bin_ / "tsc").symlink_to(ROOT / "node_modules" / ".bin" / "tsc")
    (root / "package.json").write_text('{"devDependencies": {"jest": "1"}}', "utf-8")
    # Stands in for Jest: its one test passes unless a parameter was made optional or dropped.
    runner = bin_ / "jest"
    runner.write_text(RUNNER, "utf-8")
    runner.chmod(runner.stat().st_mode | stat.S_IXUSR)
    report = fixed(root).report
    patches = [report.patch, *(one.patch for one in report.suggestions)]
    assert any(patches)
    assert not any("+export const half" in patch for patch in patches[:2])


RUNNER = """#!/usr/bin/env node
const fs = require("node:fs");
const out = process.argv.find((one) => one.startsWith("--outputFile=")).slice(13);
const kept = fs.readFileSync("src/a.ts", "utf8").includes("(n: number, w: number)");
const test = { fullName: "divides", status: kept ? "passed" : "failed" };
fs.writeFileSync(out, JSON.stringify({ testResults: [{ name: "a", assertionResults: [test] }] }));
"""


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no tsconfig\.json"):
        fix_typescript(tmp_path, Options())


def test_python_suites_are_left_to_the_other_engines(tmp_path: Path) -> None:
    (tmp_path / "tsconfig.json").write_text("{}", "utf-8")
    assert is_typescript(tmp_path, ["src/a.ts"], [])
    assert not is_typescript(tmp_path, ["src/a.ts", "tests/test_a.py"], [])
    assert is_typescript(tmp_path, ["src/a.ts", "tests/test_a.py"], ["tools", "rewrite"])


def test_every_family_of_templates_copes_with_odd_code(tmp_path: Path) -> None:
    root = project(tmp_path, {"src/odd.ts": ODD})
    with Service(NODE, root, "tsconfig.json") as service:
        assert len(service.complaints) > 20
        for index in range(len(service.complaints)):
            service.proposals(index, ["tools", "rewrite"])
        assert service.faults == []


ODD = """
import nothing from "./nowhere";
import { a, b as c } from "./gone.js";
export { z } from "./gone";
interface A { x: number; readonly r: string; m(n: number): void; k: "p" | "q" }
abstract class B implements A { x = "1"; private y: string; static s = 1; abstract t(): void;
  constructor() { this.w = 1; this.r = "2"; } get g(): number { } m(n: string) { return n; } }
class C extends B { constructor() { } override o() { return super.q; } }
enum E { One, Two }
const d: A = { x: 1, k: "r", more: 2 };
function f(n: number, o?: { p?: string }): string { if (n) { return o.p.length; } }
async function h() { for (const i of 5) await i; return f("1"), f(), f(1, {}, 2), new f(1); }
function j() { await h(); return E.Three; }
const k = (l) => l + undefinedName; const [m1, m2] = 3;
let n: string; n.length; const u: unknown = 1; u.foo; u(); null.x; undefined();
try { j(); } catch (e) { e.message; }
function s(v: string | number) { v.length; switch (v) { case true: return 1; } }
const t: Promise<number> = 1; const w: Map<string> = new Map(); const y = w[0] + {} * [];
d.k === "z"; d["nope"]; this.x; for (const q in d) d[q]; delete d.x; d.r = "1";
const x2 = 1; x2 = 2;
type G<T extends string> = T; let g1: G<number>; let g2: G; let g3: E<string>; let g4: Nope;
function over(a: string): void; function over(a: number): void; function over(a: any) {}
over(true);
label: while (true) { if (1 === 2n) break lable; } const o2 = { a: 1, a: 2 }; if (h) {} !1 in d;
"""


def test_snapshots_that_disagree_are_suggested_and_never_called_a_fix(tmp_path: Path) -> None:
    root = project(tmp_path, {"src/user.ts": USER, "src/a.snap": "old\n"})
    (root / "node_modules").unlink()
    bin_ = root / "node_modules" / ".bin"
    bin_.mkdir(parents=True)
    (root / "node_modules" / "typescript").symlink_to(ROOT / "node_modules" / "typescript")
    (bin_ / "tsc").symlink_to(ROOT / "node_modules" / ".bin" / "tsc")
    (root / "package.json").write_text('{"scripts": {"test": "vitest run"}}', "utf-8")
    runner = bin_ / "vitest"
    runner.write_text(SNAPSHOTS, "utf-8")
    runner.chmod(runner.stat().st_mode | stat.S_IXUSR)
    options = Options(files=("tsconfig.json", "src/user.ts", "src/a.snap"))
    report = fix_typescript(root, options).report
    assert report.status is FixStatus.SUGGESTED
    assert "-old\n+new\n" in report.suggestions[0].patch
    assert "snapshots were rewritten" in report.suggestions[0].concerns[0]
    assert (root / "src/a.snap").read_text("utf-8") == "old\n"


# Stands in for Vitest: its one test compares a snapshot, and `-u` rewrites it.
SNAPSHOTS = """#!/usr/bin/env node
const fs = require("node:fs");
if (process.argv.includes("-u")) fs.writeFileSync("src/a.snap", "new\\n");
const out = process.argv.find((one) => one.startsWith("--outputFile=")).slice(13);
const same = fs.readFileSync("src/a.snap", "utf8") === "new\\n";
const failureMessages = same ? [] : ["Error: Snapshot `shows 1` mismatched"];
const test = { fullName: "shows", status: same ? "passed" : "failed", failureMessages };
fs.writeFileSync(out, JSON.stringify({ testResults: [{ name: "a", assertionResults: [test] }] }));
"""
