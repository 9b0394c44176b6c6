"""JavaScript and TypeScript through Node.js itself."""

import pytest

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.run import Mode
from testfleet.local import node_imports
from testfleet.local.node_imports import NodeScriptReader
from testfleet.planning.impact.imports.build import GraphRequest, Readers, build_graph
from testfleet.planning.impact.reach import impact
from testfleet.planning.project import load_project, resolve_suite
from testfleet.planning.source_tree import DirectoryTree
from testfleet.scm.working_tree import list_files

MONOREPO = {
    "package.json": '{"workspaces": ["packages/*"]}',
    "packages/ui/package.json": """{"name": "@acme/ui",
        "exports": {".": "./src/index.ts", "./button": "./src/button.ts"}}""",
    "packages/ui/src/index.ts": 'export * from "./button";',
    "packages/ui/src/button.ts": "export const button = 1;",
    "packages/app/package.json": '{"name": "app", "devDependencies": {"left-pad": "1"}}',
    "packages/app/tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}',
    "packages/app/src/main.ts": 'import { button } from "@acme/ui";',
    "packages/app/src/lazy.ts": "export default 1;",
    "packages/app/src/types.ts": "export type T = 1;",
    "packages/app/src/view.vue": '<script setup lang="ts">import "@/lazy"</script>',
    "packages/app/src/old.js": 'const a = require(`./lazy`); module.exports = (n) => n;',
    "packages/app/src/computed.js": "module.exports = (n) => import(n);",
    "packages/app/src/broken.ts": "export const = ;",
    "packages/app/src/aliased.ts": 'import "~tool/alias"; import fs from "fs"; import "node:os";',
    "packages/app/test/a.test.ts": 'import "@/main"; vi.mock("../src/types");',
    "packages/app/test/b.test.ts": 'test(() => import("../src/lazy.js")); import "./gone";',
    "packages/app/test/c.test.js": 'import "../src/computed.js"; import "left-pad";',
}  # fmt: skip


@pytest.fixture(scope="module")
def monorepo(tmp_path_factory):
    root = tmp_path_factory.mktemp("monorepo")
    for path, text in MONOREPO.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture(scope="module")
def imports(monorepo, tmp_path_factory):
    reader = NodeScriptReader(monorepo, tmp_path_factory.mktemp("home"))
    scripts = [path for path in MONOREPO if not path.endswith(".json")]
    return reader.read(scripts)


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        ("ui/src/index.ts", {"ui/src/button.ts"}),
        ("app/src/main.ts", {"ui/src/index.ts"}),
        ("app/src/view.vue", {"app/src/lazy.ts"}),
        ("app/src/old.js", {"app/src/lazy.ts"}),
        ("app/test/a.test.ts", {"app/src/main.ts", "app/src/types.ts"}),
        ("app/test/b.test.ts", {"app/src/lazy.ts"}),
    ],
)
def test_exports_workspaces_tsconfig_paths_and_literals_are_resolved(imports, path, targets):
    assert set(imports[f"packages/{path}"].targets) == {f"packages/{one}" for one in targets}


@pytest.mark.parametrize("path", ["computed.js", "broken.ts", "aliased.ts"])
def test_computed_names_broken_files_and_aliases_of_tools_are_unknown(imports, path):
    assert len(imports[f"packages/app/src/{path}"].unknown) == 1


def test_packages_from_elsewhere_are_missing_not_unknown(imports):
    found = imports["packages/app/test/c.test.js"]
    assert (found.missing, found.unknown) == (("left-pad",), ())


def select(root, home, *changed, gone=()):
    tree = DirectoryTree(root, list_files(root))
    units = tuple(sorted(path for path in MONOREPO if ".test." in path))
    suite = resolve_suite(load_project(tree), None, Mode.FULL)
    request = GraphRequest(tree, suite, units, gone=frozenset(gone))
    graph = build_graph(request, Readers(scripts=NodeScriptReader(root, home)))
    changes = [FileChange(path=path, status=FileStatus.MODIFIED) for path in (*changed, *gone)]
    return {one.unit[-9] for one in impact(changes, graph, units) if one.selected}


def test_a_change_reaches_scripts_through_packages(monorepo, tmp_path):
    # c depends on a computed import, and so on anything.
    assert select(monorepo, tmp_path, "packages/ui/src/button.ts") == {"a", "c"}
    assert select(monorepo, tmp_path, "packages/app/src/lazy.ts") == {"b", "c"}


def test_who_imported_a_script_that_is_gone_is_selected(monorepo, tmp_path):
    assert select(monorepo, tmp_path, gone=["packages/app/test/gone.ts"]) == {"b", "c"}


def test_the_answer_is_kept_until_a_script_changes(monorepo, tmp_path, monkeypatch):
    reader = NodeScriptReader(monorepo, tmp_path)
    first = reader.read(["packages/app/src/main.ts"])
    monkeypatch.setenv("PATH", "")
    assert reader.read(["packages/app/src/main.ts"]) == first
    assert reader.read(["packages/app/src/lazy.ts"])["packages/app/src/lazy.ts"].unknown


def test_without_node_every_script_is_unknown_and_says_why(monorepo, tmp_path, monkeypatch):
    monkeypatch.setattr(node_imports.shutil, "which", lambda name: None)
    found = NodeScriptReader(monorepo, tmp_path).read(["packages/app/src/lazy.ts"])
    (unknown,) = found["packages/app/src/lazy.ts"].unknown
    assert "no node on PATH" in unknown.what
