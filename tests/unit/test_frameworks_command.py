"""A suite that runs a command of its own and reports by JUnit XML."""

import sys

import pytest

from testfleet.contracts.plan import Unit
from testfleet.contracts.result import Outcome
from testfleet.contracts.task import Limits
from testfleet.contracts.tool import ToolOptions
from testfleet.errors import UsageError
from testfleet.execution.frameworks.command import Owners
from testfleet.execution.frameworks.framework import Job
from testfleet.execution.frameworks.junit_case import JunitCase
from testfleet.execution.frameworks.result_files import compile_glob
from testfleet.execution.worker import run_task
from testfleet.planning.discovery.discover import discover
from testfleet.planning.project import parse_project, resolve_suite
from tests.execution_samples import bench, outcomes
from tests.planning_samples import MemoryTree

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
SHELL = ("/bin/sh", "-c")


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("command")) as made:
        yield made


def run(worker, files, tool, **changes):
    changes = {"units": (".",), "env": {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, **changes}
    return worker.run(files, framework="command", tool=tool, **changes)


def writes(xml, status=0):
    command = f"cat > out.xml <<'E'\n{xml}\nE\nexit {status}"
    return ToolOptions(command=(*SHELL, command), results=("*.xml",))


def test_what_a_command_reports_is_what_the_shard_reports(worker):
    files = {"test_a.py": "def test_a(): pass\ndef test_b(): assert 0, 'no'\n"}
    tool = ToolOptions(command=(*PYTEST, "--junitxml={results}"))
    found = run(worker, files, tool)
    assert outcomes(found) == {"test_a > test_a": "passed", "test_a > test_b": "failed"}
    assert found.tests[1].message == "AssertionError: no\nassert 0".partition("\n")[0]
    assert found.finished == {"."}
    assert "1 failed, 1 passed" in worker.log()


def test_with_unit_the_command_runs_once_for_each_file(worker):
    files = {"test_a.py": "def test_x(): pass\n", "test_b.py": "def test_x(): assert 0\n"}
    tool = ToolOptions(command=(*PYTEST, "--junitxml={results}", "{unit}"))
    found = run(worker, files, tool, units=("test_a.py", "test_b.py"))
    assert outcomes(found) == {
        "test_a.py > test_a > test_x": "passed",
        "test_b.py > test_b > test_x": "failed",
    }
    assert found.attempts == 2


def test_with_units_one_command_runs_all_and_classes_tell_whose_a_test_is(worker):
    files = {"t/test_a.py": "def test_x(): pass\n", "t/test_b.py": "def test_x(): assert 0\n"}
    tool = ToolOptions(command=(*PYTEST, "--junitxml={results}", "{units}"))
    found = run(worker, files, tool, units=("t/test_a.py", "t/test_b.py"))
    assert {test.id: test.file for test in found.tests} == {
        "t/test_a.py > t.test_a > test_x": "t/test_a.py",
        "t/test_b.py > t.test_b > test_x": "t/test_b.py",
    }
    assert found.attempts == 1


def test_files_that_nothing_tells_of_are_noted(worker):
    told = "<testsuite><testcase name='a' file='a.x'/></testsuite>"
    script = f'echo "{told}" > o.xml #'
    tool = ToolOptions(command=(*SHELL, script, "{units}"), results=("*.xml",))
    files = {"a.x": "", "b.x": ""}
    found = run(worker, files, tool, units=("a.x", "b.x"))
    assert outcomes(found) == {"a.x > a": "passed"}
    assert found.notes == ("no test was reported of b.x",)
    tool = ToolOptions(command=(*SHELL, script.replace("a.x", "?"), "{units}"), results=("*.xml",))
    found = run(worker, files, tool, units=("b.x", "a.x"))
    assert outcomes(found) == {"b.x > a": "passed"}
    assert "results do not tell which files" in found.notes[0]


def test_one_test_runs_alone_where_the_suite_says_how(worker):
    files = {"test_a.py": "def test_x(): assert 0\ndef test_y(): assert 0\n"}
    tool = ToolOptions(
        command=(*PYTEST, "--junitxml={results}"),
        one=(*PYTEST, "--junitxml={results}", "-k", "{test}"),
    )
    tests = ("test_a > test_y", "test_a > test_gone")
    found = run(worker, files, tool, kind="confirm", tests=tests)
    assert outcomes(found) == {"test_a > test_y": "failed", "test_a > test_gone": "error"}
    assert "1 failed, 1 deselected" in worker.log()


def test_without_a_way_to_run_one_test_its_file_runs_once_for_all_of_them(worker):
    files = {"test_a.py": "def test_x(): assert 0\ndef test_y(): pass\n"}
    tool = ToolOptions(command=(*PYTEST, "--junitxml={results}"))
    tests = ("test_a > test_x", "test_a > test_y")
    found = run(worker, files, tool, kind="confirm", tests=tests)
    assert outcomes(found) == {"test_a > test_x": "failed", "test_a > test_y": "passed"}
    assert found.attempts == 1


@pytest.mark.parametrize(
    ("xml", "status", "said"),
    [
        ("<testsuite><testcase name='a'/></testsuite>", 3, "exit status 3 though no test failed"),
        ("<testsuite><testcase name='a'/><testcase", 0, "no well-formed XML"),
        ("<testsuite tests='2'><testcase name='a'/></testsuite>", 0, "says 2 tests and holds 1"),
    ],
)
def test_what_no_test_bears_is_an_error_beside_the_tests(worker, xml, status, said):
    found = run(worker, {"x": ""}, writes(xml, status))
    assert outcomes(found) == {"a": "passed", ".": "error"}
    assert said in found.tests[1].message


@pytest.mark.parametrize("status", [0, 1])
def test_a_command_that_writes_nothing_is_an_error_and_runs_once(worker, status):
    tool = ToolOptions(command=(*SHELL, f"exit {status}"), results=("*.xml",))
    old = "<testsuite><testcase name='old'/></testsuite>"
    found = run(worker, {"old.xml": old}, tool)
    assert outcomes(found) == {".": "error"}
    assert f"wrote no results to *.xml (exit status {status})" in found.tests[0].message
    assert found.attempts == 1


def test_a_command_that_is_killed_keeps_what_it_wrote_and_is_tried_again(worker):
    xml = "<testsuite><testcase name='a'/></testsuite>"
    tool = ToolOptions(command=(*SHELL, f'echo "{xml}" > o.xml; kill -9 $$'), results=("*.xml",))
    found = run(worker, {"x": ""}, tool)
    assert outcomes(found) == {"a": "passed", ".": "error"}
    assert "killed by SIGKILL while this file ran" in found.tests[1].message
    assert found.attempts == 2


def test_a_program_that_is_not_there_is_the_users_to_mend(worker):
    found = run(worker, {"x": ""}, ToolOptions(command=("no-such",), results=("*.xml",)))
    assert "program 'no-such' is not on PATH" in found.errors[0].message
    assert found.units[0].status == "unfinished"


def test_tests_of_one_name_are_numbered(worker):
    xml = "<testsuite><testcase name='a'/><testcase name='a'><failure/></testcase></testsuite>"
    assert outcomes(run(worker, {"x": ""}, writes(xml))) == {"a": "passed", "a #2": "failed"}


@pytest.mark.parametrize(
    ("classname", "suite", "file", "unit"),
    [
        ("shop.CartTest", "", "", "src/test/java/shop/CartTest.java"),
        ("shop.CartTest$Inner", "", "", "src/test/java/shop/CartTest.java"),
        ("", "spec/cart_spec.rb", "", "spec/cart_spec.rb"),
        ("x", "", "./spec/cart_spec.rb", "spec/cart_spec.rb"),
        ("nobody", "knows", "", "spec/cart_spec.rb"),
    ],
)
def test_the_unit_of_a_test_is_found(tmp_path, classname, suite, file, unit):
    units = ("spec/cart_spec.rb", "src/test/java/shop/CartTest.java", "lib/Cart.java")
    job = Job(tmp_path, tmp_path, tmp_path, tmp_path, {}, units=units)
    case = JunitCase("a", classname, (suite,), file, Outcome.PASSED, 0, "", "", 1)
    assert Owners(job).unit_of(case) == unit


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("**/TEST-*.xml", "a/b/TEST-x.xml", True),
        ("**/TEST-*.xml", "TEST-x.xml", True),
        ("*.xml", "a/b.xml", False),
        ("build/**", "build/a/b.xml", True),
        ("a?.xml", "a/.xml", False),
    ],
)
def test_globs_of_result_files(glob, path, fits):
    assert bool(compile_glob(glob).fullmatch(path)) is fits


def suite_of(text):
    return resolve_suite(parse_project(f"[suites.s]\n{text}".encode()), None, "full")


def test_units_of_a_command_are_the_files_that_its_globs_fit():
    suite = suite_of(
        'framework = "command"\nroot = "app"\ncommand = ["t", "{results}", "{units}"]\n'
        'units = "test/**/*.js"\n'
    )
    tree = MemoryTree({"app/test/a.js": "x", "app/test/b/c.js": "", "test/d.js": ""})
    assert [unit.id for unit in discover(tree, suite, (), {}).units] == [
        "app/test/a.js",
        "app/test/b/c.js",
    ]


def test_a_command_without_units_is_one_unit():
    suite = suite_of('framework = "command"\ncommand = ["t"]\nresults = "*.xml"\n')
    assert discover(MemoryTree({"a": ""}), suite, (), {}).units == (
        Unit(id=".", size_bytes=0, tests_estimate=1),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('framework = "command"', "needs `command`"),
        ('framework = "command"\ncommand = ["a"]', "needs `results`"),
        ('framework = "command"\ncommand = ["a", "{results}"]\nunits = ["b"]', "go together"),
        ('command = ["a"]', "`command` is only for framework"),
        ('framework = "comand"', "vitest"),
    ],
)
def test_settings_that_cannot_work_are_refused(text, said):
    with pytest.raises(UsageError, match=said):
        suite_of(text)


GOOD = '<testsuite><testcase name="a"/></testsuite>'
HOSTILE = {
    "a pipe in place of its results": ("mkfifo out.xml", "wrote no results"),
    "a link to what never ends": ("ln -s /dev/zero out.xml", "wrote no results"),
    "results that never end": ("yes '<testsuite>' | head -c 3000000 > out.xml", "in one another"),
    "nothing but zeros": ("head -c 3000000 /dev/zero > out.xml", "no well-formed XML"),
    "a pass told by the back door": (
        'echo \'{"kind": "result", "id": "x", "unit": ".", "outcome": "passed"}\' > %EVENTS%',
        "wrote no results",
    ),
    "no working copy any more": ("rm -rf $PWD", "wrote no results"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_command_does_it_gets_no_pass_by_it(worker, name):
    script, said = HOSTILE[name]
    events = "$(echo " + str(worker.folder / "work") + "/example-project-*/slot-0.state/events)"
    script = script.replace("%EVENTS%", events)
    tool = ToolOptions(command=(*SHELL, script), results=("*.xml",))
    found = run(worker, {"x": ""}, tool)
    assert outcomes(found) == {".": "error"}
    assert said in found.tests[0].message


def test_what_a_command_leaves_running_is_ended(worker):
    script = f"sleep 60 & until grep -q sleep /proc/$!/comm; do :; done; echo '{GOOD}' > o.xml"
    tool = ToolOptions(command=(*SHELL, script), results=("*.xml",))
    found = run(worker, {"x": ""}, tool)
    assert outcomes(found) == {"a": "passed"}
    assert [leak.text for leak in found.leaks] == ["ended 1 process that . left behind: sleep"]
    assert worker.left_over(found) == []


def test_what_was_written_before_the_time_was_over_is_kept(worker):
    tool = ToolOptions(command=(*SHELL, f"echo '{GOOD}' > o.xml; sleep 60"), results=("*.xml",))
    limits = Limits(time_s=1, memory_mb=512)
    found = run(worker, {"x": ""}, tool, limits=limits)
    assert outcomes(found) == {"a": "passed"}
    assert found.units[0].status == "unfinished"
    assert found.errors[0].type == "timed-out"


def test_a_command_that_prints_nothing_any_more_hangs_and_is_ended_once(worker):
    script = f"echo '{GOOD}' > o.xml; for i in 1 2 3 4; do echo $i; sleep 0.4; done; sleep 60"
    tool = ToolOptions(command=(*SHELL, script), results=("*.xml",))
    found = run(worker, {"x": ""}, tool, limits=Limits(time_s=30, test_timeout_s=1, memory_mb=512))
    assert outcomes(found) == {"a": "passed", ".": "error"}
    assert found.tests[1].message.startswith("the process printed nothing for 1 s and was ended")
    assert found.attempts == 1


def test_python_programs_import_the_working_copy_in_place_of_the_tree_at_home(worker, tmp_path):
    home, other = tmp_path / "home", tmp_path / "other"
    for folder, name in ((home, "shop.py"), (home, "made.py"), (other, "sitecustomize.py")):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("import os; os.environ['OTHER'] = 'ran'")
    script = (
        "import os, shop, made; ok = 'copy' in vars(shop) and os.environ['OTHER'] == 'ran';"
        "open('o.xml', 'w').write('<testsuite><testcase name=\"%s\"/></testsuite>' % ok)"
    )
    tool = ToolOptions(command=(sys.executable, "-c", script), results=("*.xml",))
    task = worker.task({"shop.py": "copy = 1"}, framework="command", tool=tool, units=(".",))
    source = task.source.model_copy(update={"original_root": str(home)})
    env = {"PYTHONPATH": f"{home}:{other}"}
    found = run_task(task.model_copy(update={"source": source, "env": env}), worker.options)
    assert outcomes(found) == {"True": "passed"}, worker.log()
