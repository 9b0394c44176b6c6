"""What Vitest, Jest and Playwright Test would run, read without running any of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.planning.discovery.framework import DiscoveryRequest
from testfleet.planning.discovery.node.jest_discovery import JestFramework
from testfleet.planning.discovery.node.literals import read_export
from testfleet.planning.discovery.node.patterns import expressions, globs
from testfleet.planning.discovery.node.playwright_discovery import PlaywrightFramework
from testfleet.planning.discovery.node.values import UNKNOWN, Regex
from testfleet.planning.discovery.node.vitest_discovery import VitestFramework
from testfleet.planning.source_tree import TreeFile

TEST = "test('a', () => {})"
VITEST, JEST, PLAYWRIGHT = VitestFramework(), JestFramework(), PlaywrightFramework()


class Tree:
    def __init__(self, files):
        self.files = {path: text.encode() for path, text in sorted(files.items())}

    def paths(self):
        return [TreeFile(path, len(text)) for path, text in self.files.items()]

    def read(self, path):
        return self.files[path]


def found(framework, names, *args, root=".", **files):
    """Paths of the units. `files` are configurations, with `__` for a dot and `_in_` for `/`."""
    texts = dict.fromkeys(names.split(), TEST)
    for name, text in files.items():
        folder, _, file = name.rpartition("_in_")
        texts["/".join(filter(None, [folder, file.replace("__", ".")]))] = text
    return framework.discover(DiscoveryRequest(Tree(texts), root, args))


def ids(discovery):
    return [unit.id for unit in discovery.units]


def test_a_configuration_is_read_as_far_as_it_is_literal():
    code = """
    import { defineConfig, configDefaults } from "vitest/config"; // a comment
    const shared = { globals: true };
    export default defineConfig<UserConfig>(async ({ mode }) => ({
      plugins: [react({ a: /[/]"/g })],
      test: { ...shared, include: [`src/**`, 'a'], exclude: [...configDefaults.exclude, "e2e"],
              setup: path.resolve(__dirname, "s.ts"), pool: mode ? 1 : 2, method() { return 1 } },
    }) satisfies UserConfig);
    """
    value = read_export(code, {"configDefaults.exclude": ["N"]})
    assert value["test"]["include"] == ["src/**", "a"]
    assert value["test"]["exclude"] == ["N", "e2e"]
    assert value["test"]["setup"] == "./s.ts"
    assert (value["test"]["globals"], value["test"]["pool"]) == (True, UNKNOWN)
    assert value["plugins"] == [UNKNOWN]


@pytest.mark.parametrize(
    "code", ["[" * 5000, "f(" * 5000, "{a:" * 5000, "`${" * 5000, "/* " * 9999]
)
def test_a_hostile_configuration_costs_little_and_raises_nothing(code):
    assert read_export(f"export default {code}") is not None
    doubled = ";".join(f"const a{at} = [...a{at + 1}, ...a{at + 1}]" for at in range(60))
    assert read_export(f"{doubled}; const a60 = [1]; export default a0") is not None


@given(st.text(st.sampled_from("a1'\"`/*([{}]),:;.=>\\$ \nexport default")))
def test_no_text_makes_the_reader_raise(code):
    read_export(f"export default {code}")
    globs([code]).match("a/b")
    expressions([Regex(code)])


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("**/*.{test,spec}.?(c|m)[jt]s?(x)", "a.test.ts x/y.spec.mtsx", "a.tests.ts atest.ts"),
        ("**/?(*.)+(spec|test).[jt]s?(x)", "test.js a.b.spec.tsx", "atest.js"),
        ("src/**/*.test.ts", "src/a.test.ts src/b/c.test.ts", "lib/src/a.test.ts"),
        ("packages/*", "packages/a", "packages/a/b"),
        ("./test/{a,b}/**", "test/a/x test/b/c/d", "test/c/x"),
    ],
)
def test_globs_fit_what_they_fit_in_javascript(pattern, fits, fits_not):
    matcher = globs([pattern])
    assert all(matcher.match(path) for path in fits.split())
    assert not any(matcher.match(path) for path in fits_not.split())


def test_an_expression_that_could_take_for_ever_is_not_used():
    assert expressions([Regex("(a+)+$")]) is None
    assert expressions([Regex(r"(/__tests__/.*|(\.|/)(test|spec))\.[jt]sx?$")]) is not None


def test_vitest_has_defaults_patterns_and_positional_filters():
    names = "src/a.test.ts src/b.spec.jsx src/c.ts e2e/d.test.ts node_modules/x/e.test.js"
    assert ids(found(VITEST, names)) == ["e2e/d.test.ts", "src/a.test.ts", "src/b.spec.jsx"]
    config = "export default { test: { exclude: ['e2e/**'], include: ['**/*.test.*'] } }"
    assert ids(found(VITEST, names, vitest__config__ts=config)) == ["src/a.test.ts"]
    assert ids(found(VITEST, names, "--reporter", "dot", "src/b")) == ["src/b.spec.jsx"]


def test_vitest_goes_through_projects_and_workspaces():
    names = "packages/a/test/x.test.ts packages/b/y.check.ts web/z.test.ts other/o.test.ts"
    config = """export default { test: { projects: ['packages/*',
      { extends: true, root: 'web', test: { name: 'web' } }] } }"""
    own = "export default { test: { include: ['*.check.ts'] } }"
    files = {"vitest__config__ts": config, "packages/b_in_vitest__config__ts": own}
    expected = ["packages/a/test/x.test.ts", "packages/b/y.check.ts", "web/z.test.ts"]
    manifest = {"packages/a_in_package__json": "{}"}
    assert ids(found(VITEST, names, **files, **manifest)) == expected
    workspace = {"vitest__workspace__ts": "export default ['packages/b']"}
    files.pop("vitest__config__ts")
    assert ids(found(VITEST, names, **workspace, **files)) == ["packages/b/y.check.ts"]


def test_vitest_looks_below_the_root_of_vite_and_the_folder_of_its_tests():
    names = "app/a.test.ts app/test/b.test.ts c.test.ts"
    config = "export default { root: 'app', test: { environment: 'jsdom' } }"
    assert ids(found(VITEST, names, vite__config__ts=config)) == names.split()[:2]
    config = "export default { root: 'app', test: { dir: 'test' } }"
    assert ids(found(VITEST, names, vite__config__ts=config)) == ["app/test/b.test.ts"]
    config = "export default { test: { projects: [{ root: './app', test: { dir: 'test' } }] } }"
    assert ids(found(VITEST, names, vitest__config__ts=config)) == ["app/test/b.test.ts"]


def test_what_must_be_computed_leaves_the_plan_open_and_says_so():
    result = found(VITEST, "a.test.ts", vitest__config__ts="export default make()")
    assert ids(result) == ["a.test.ts"]
    assert result.open_ended
    assert "vitest.config.ts: a part of it cannot be read" in " ".join(result.notes)
    assert not found(VITEST, "a.test.ts").open_ended


def test_jest_reads_its_settings_wherever_they_stand():
    names = "src/a.test.js src/__tests__/b.ts lib/c.check.js build/d.test.js"
    assert "src/__tests__/b.ts" in ids(found(JEST, names))
    package = json.dumps({"jest": {"testPathIgnorePatterns": ["<rootDir>/build/"]}})
    assert ids(found(JEST, names, package__json=package)) == ["src/__tests__/b.ts", "src/a.test.js"]
    config = r"module.exports = { rootDir: 'lib', testRegex: '\\.check\\.js$' }"
    assert ids(found(JEST, names, jest__config__js=config)) == ["lib/c.check.js"]
    config = "module.exports = { roots: ['<rootDir>/src'], testMatch: ['<rootDir>/src/*.js'] }"
    assert ids(found(JEST, names, jest__config__js=config)) == ["src/a.test.js"]


def test_jest_projects_are_folders_files_and_objects():
    names = "packages/a/x.test.js packages/b/y.test.js other/z.test.js"
    config = """module.exports = { projects: ['<rootDir>/packages/a',
      { rootDir: 'other', testMatch: ['**/z.*'] }] }"""
    result = found(JEST, names, jest__config__js=config)
    assert ids(result) == ["other/z.test.js", "packages/a/x.test.js"]


def test_playwright_has_folders_patterns_and_projects():
    names = "tests/a.spec.ts tests/b.e2e.ts tests/setup/c.setup.ts src/d.spec.ts"
    config = r"""export default defineConfig({ testDir: './tests', projects: [
      { name: 'setup', testMatch: /.*\.setup\.ts/ }, { name: 'web', use: { ...devices.x } }] })"""
    files = {"playwright__config__ts": config}
    expected = ["tests/a.spec.ts", "tests/setup/c.setup.ts"]
    assert ids(found(PLAYWRIGHT, names, **files)) == expected
    assert ids(found(PLAYWRIGHT, names, "a.spec.ts:3", **files)) == ["tests/a.spec.ts"]


def test_a_tool_is_detected_by_clear_signs_only():
    def detects(framework, **files):
        return framework.detect(Tree({k.replace("__", "."): v for k, v in files.items()}), ".")

    assert detects(VITEST, package__json='{"devDependencies": {"vitest": "^3"}}')
    assert not detects(VITEST, vite__config__ts="export default {}")
    assert detects(JEST, package__json='{"jest": {}}')
    assert detects(PLAYWRIGHT, playwright__config__ts="")
    assert not detects(JEST, package__json="{broken")
