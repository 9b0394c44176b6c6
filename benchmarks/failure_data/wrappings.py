"""How runtimes and runners of all languages print an error."""

# ruff: noqa: E501  outputs of tools are as long as they are, with the signs that tools use

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from benchmarks.failure_data import wrappings_javascript as javascript
from benchmarks.failure_data.parts import (
    Wrap,
    file_of,
    indented,
    name_of,
    part_of,
    place_of,
)


def _trace(text: str, dice: random.Random) -> str:
    frames = "".join(
        f'  File "/app/{file_of(dice, ".py")}", line {dice.randrange(300)}, in {name_of(dice)}\n    {name_of(dice)}.{name_of(dice)}()\n'
        for _ in range(dice.randrange(1, 4))
    )
    return f"Traceback (most recent call last):\n{frames}{text}"


def _pytest(text: str, dice: random.Random) -> str:
    kind = re.match(r"[\w.]+(?=[:(\s]|$)", text)
    lines = "\n".join(f"E       {line}" if line else "E" for line in text.split("\n"))
    head = (
        f"____________ test_{name_of(dice)}_{name_of(dice)} ____________\n\n"
        if dice.random() < 0.5
        else ""
    )
    code = (
        f"    def test_{name_of(dice)}():\n>       {name_of(dice)}.{name_of(dice)}()\n"
        if dice.random() < 0.7
        else ""
    )
    return f"{head}{code}{lines}\n\ntests/test_{name_of(dice)}.py:{dice.randrange(200)}: {kind[0].split('.')[-1] if kind else 'AssertionError'}"


def _pytest_short(text: str, dice: random.Random) -> str:
    return f"{dice.choice(('FAILED', 'FAILED', 'ERROR'))} tests/test_{name_of(dice)}.py::test_{name_of(dice)} - {text.split(chr(10), maxsplit=1)[0]}"


def _pytest_error(text: str, dice: random.Random) -> str:
    return f"_____ ERROR {dice.choice((f'at setup of test_{name_of(dice)}', f'collecting tests/test_{name_of(dice)}.py'))} _____\ntests/test_{name_of(dice)}.py:3: in <module>\n    {name_of(dice)}\nE   {text}"


def _unittest(text: str, dice: random.Random) -> str:
    name = name_of(dice)
    kind = "FAIL" if "Assert" in text else "ERROR"
    return f"======================================================================\n{kind}: test_{name} (tests.test_{name}.{name.capitalize()}Tests)\n----------------------------------------------------------------------\n{_trace(text, dice)}"


def _jvm(text: str, dice: random.Random) -> str:
    return f"{dice.choice(('Exception in thread ' + chr(34) + 'main' + chr(34) + ' ', '', 'Caused by: '))}{text}\n\tat com.acme.{name_of(dice)}.{part_of(dice)}.{name_of(dice)}({part_of(dice)}.java:{dice.randrange(300)})\n\tat java.base/java.lang.Thread.run(Thread.java:833)"


def _surefire(text: str, dice: random.Random) -> str:
    part = part_of(dice)
    return f"[ERROR] Tests run: 4, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.1 s <<< FAILURE! - in com.acme.{part}Test\n[ERROR] com.acme.{part}Test.{name_of(dice)}s  Time elapsed: 0.01 s  <<< {dice.choice(('FAILURE', 'ERROR'))}!\n{text}\n\tat com.acme.{part}Test.{name_of(dice)}s({part}Test.java:{dice.randrange(200)})"


def _surefire_short(text: str, dice: random.Random) -> str:
    part = part_of(dice)
    first = text.split("\n", maxsplit=1)[0]
    kind, _, rest = first.partition(": ")
    short = kind.split(".")[-1].removesuffix("Exception")
    return f"[ERROR] {dice.choice(('Errors', 'Failures'))}: \n[ERROR]   {part}Test.{name_of(dice)}:{dice.randrange(200)} » {short} {rest}"


def _gradle(text: str, dice: random.Random) -> str:
    part = part_of(dice)
    return f"{part}Test > {name_of(dice)}s {name_of(dice)} FAILED\n    {text}\n        at com.acme.{part}Test.{name_of(dice)}({part}Test.kt:{dice.randrange(200)})"


def _go(text: str, dice: random.Random) -> str:
    return (
        f"{dice.choice(('', '2024/01/02 10:11:12 ', 'fatal: '))}{text}\n\ngoroutine 1 [running]:\nmain.{name_of(dice)}(...)\n\t/app/{name_of(dice)}.go:{dice.randrange(200)} +0x1d\nexit status 2"
        if text.startswith(("panic", "fatal"))
        else f"{dice.choice(('', '2024/01/02 10:11:12 ', 'Error: ', 'error: '))}{text}"
    )


def _go_test(text: str, dice: random.Random) -> str:
    name = f"Test{part_of(dice)}"
    if text.startswith(("panic", "fatal", "WARNING")):
        return f"=== RUN   {name}\n--- FAIL: {name} (0.00s)\n{text}\n\ngoroutine 7 [running]:\ntesting.tRunner.func1.2()\nFAIL\tgithub.com/acme/{name_of(dice)}\t0.01s"
    first = f"    {name_of(dice)}_test.go:{dice.randrange(200)}: {text}"
    return dice.choice(
        (
            f"--- FAIL: {name} (0.0{dice.randrange(9)}s)\n{first}\nFAIL",
            f"{first}\n--- FAIL: {name} (0.00s)",
        )
    )


def _rust(text: str, dice: random.Random) -> str:
    return f"thread 'main' panicked at {dice.choice((f'src/{name_of(dice)}.rs:{place_of(dice)}:', ''))}\n{text}\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"


def _rust_test(text: str, dice: random.Random) -> str:
    name = f"{name_of(dice)}::tests::{name_of(dice)}"
    return f"---- {name} stdout ----\nthread '{name}' panicked at src/{name_of(dice)}.rs:{place_of(dice)}:\n{text}\n\nfailures:\n    {name}"


def _ruby(text: str, dice: random.Random) -> str:
    kind, _, rest = text.partition(": ")
    return dice.choice(
        (
            text,
            f"/app/{file_of(dice, '.rb')}:{dice.randrange(99)}:in `{name_of(dice)}': {rest} ({kind})\n\tfrom bin/rails:4:in `<main>'",
            f"rake aborted!\n{text}",
        )
    )


def _rspec(text: str, dice: random.Random) -> str:
    kind, _, rest = text.partition(": ")
    said = (
        f"       {kind}:\n         {rest}"
        if re.match(r"[A-Z]\w+(::\w+)*$", kind) and rest
        else indented(text, 7)
    )
    return f"  {dice.randrange(1, 9)}) {part_of(dice)} {name_of(dice)}s the {name_of(dice)}\n     Failure/Error: {name_of(dice)}.{name_of(dice)}\n\n{said}\n     # ./spec/{name_of(dice)}_spec.rb:{dice.randrange(99)}:in `block (2 levels) in <top (required)>'"


def _minitest(text: str, dice: random.Random) -> str:
    part = part_of(dice)
    kind = "Error" if re.match(r"[A-Z]\w+(::\w+)*: ", text) else "Failure"
    return f"{kind}:\n{part}Test#test_{name_of(dice)} [test/{name_of(dice)}_test.rb:{dice.randrange(99)}]:\n{text}"


def _php(text: str, dice: random.Random) -> str:
    return dice.choice(
        (
            text,
            f"PHP Fatal error:  Uncaught {text} in /app/{file_of(dice, '.php')}:{dice.randrange(99)}\nStack trace:\n#0 {{main}}",
        )
    )


def _phpunit(text: str, dice: random.Random) -> str:
    return f"{dice.randrange(1, 5)}) Tests\\{part_of(dice)}Test::test{part_of(dice)}\n{text}\n\n/app/tests/{part_of(dice)}Test.php:{dice.randrange(99)}"


def _net(text: str, dice: random.Random) -> str:
    return f"Unhandled exception. {text.replace(' : ', ': ')}\n   at Acme.{part_of(dice)}.Main() in /src/Program.cs:line {dice.randrange(99)}"


def _net_test(text: str, dice: random.Random) -> str:
    return f"  Failed Acme.Tests.{part_of(dice)}Tests.{part_of(dice)} [{dice.randrange(1, 90)} ms]\n  Error Message:\n   {text}\n  Stack Trace:\n     at Acme.Tests.{part_of(dice)}Tests.{part_of(dice)}() in /src/Tests.cs:line {dice.randrange(99)}"


CRASHES: dict[str, Sequence[Wrap]] = {
    "js": javascript.CRASHES,
    "py": (javascript.bare, _trace, _trace),
    "jvm": (_jvm,),
    "go": (_go,),
    "rust": (_rust,),
    "ruby": (_ruby,),
    "php": (_php,),
    "net": (_net,),
}


RUNNERS: dict[str, Sequence[Wrap]] = {
    "js": javascript.RUNNERS,
    "py": (_pytest, _pytest, _pytest_short, _pytest_error, _unittest),
    "jvm": (_surefire, _surefire_short, _gradle),
    "go": (_go_test,),
    "rust": (_rust_test,),
    "ruby": (_rspec, _minitest),
    "php": (_phpunit,),
    "net": (_net_test,),
}
