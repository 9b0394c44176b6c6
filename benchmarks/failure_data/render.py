"""Failures in the forms that tools and runners give them, made from messages by a seeded grammar.

Of an exception the same text becomes a crash (domain `general`) or a test's report (domain `test`);
of a compiler's diagnostic a dozen layouts. Names, numbers, paths and versions vary.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.failure_data.real import Example

HERE = Path(__file__).parent
WORDS = (
    "cart order user basket invoice report widget layout header table chart session token profile "
    "payment voucher search filter upload export import settings theme router store client server "
    "worker queue cache parser lexer schema model view page modal button card list grid form field "
    "menu tabs tree node edge graph map route guard policy role team tenant plan quota price tax"
).split()
_IN_QUOTES = re.compile(r"(?<=['\"`])(?:[a-z]{1,14}|\{\d\})(?=['\"`])")
_HOLE = re.compile(r"\{\d\}|%[sdj]")
_NUMBER = re.compile(r"(?<![\w.#-])\d{1,5}(?![\w#])")
_LETTER = re.compile(r"(?<![\w.'/-])(?:foo|bar|[ab])(?=[./:(]|\s|$)")


def read_messages(path: Path = HERE / "messages.txt") -> Iterator[tuple[str, str, str, str]]:
    """Domain, cause, form and text of each message."""
    for part in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        label, form = head.split()
        domain, cause = label.split("/")
        for text in re.split(r"^--\n", body, flags=re.MULTILINE):
            yield domain, cause, form, text.strip("\n")


def read_labelled(path: Path) -> Iterator[Example]:
    """Texts after `=== domain/cause tool` lines."""
    for part in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        label, _, tool = head.partition(" ")
        domain, cause = label.split("/")
        yield Example(tool, domain, cause, body.rstrip("\n"))


def rendered(copies: int, seed: int) -> Iterator[Example]:
    """All messages in their forms, each so many times."""
    dice = random.Random(seed)
    for domain, cause, form, text in read_messages():
        for _ in range(copies):
            said = varied(text, dice)
            if form == "whole":
                if domain == "test" and dice.random() < 0.3:
                    said = _inner(said, dice)
                yield Example(f"{domain} messages", domain, cause, decorated(said, dice))
                continue
            language = form.removesuffix("assert")
            tests, crashes = RUNNERS[language], CRASHES[language]
            if domain == "any":
                where, wrap = dice.choice((("general", crashes), ("test", tests)))
                if where == "test" and cause == "port-conflict" and dice.random() < 0.5:
                    where, wrap = "general", crashes
            else:
                where, wrap = domain, (*tests, _bare, _inner)
            yield Example(
                f"{language} {where}", where, cause, decorated(dice.choice(wrap)(said, dice), dice)
            )
            if (
                domain == "any"
                and cause == "null-or-attribute"
                and language == "js"
                and dice.random() < 0.3
            ):
                yield Example("react crash", "react", cause, _component_crash(said, dice))


def compiler(example: Example, dice: random.Random) -> Example:
    """A mined diagnostic in the layout of some compiler front end."""
    code, _, text = example.text.partition(": ")
    text = _HOLE.sub(
        lambda _: dice.choice(
            (dice.choice(WORDS), dice.choice(WORDS).capitalize(), "string", "number", "Props")
        ),
        text,
    )
    said = dice.choice(TSC)(code, text, dice)
    return Example("tsc layouts", "typescript", example.cause, decorated(said, dice))


def component(example: Example, dice: random.Random) -> Example:
    """A mined warning of React as a console gives it."""
    text = _HOLE.sub(lambda _: _part(dice), example.text)
    if dice.random() < 0.6:
        text = f"Warning: {text}"
    elif dice.random() < 0.5:
        text = f"Error: {text}"
    if dice.random() < 0.6:
        text += "\n" + _component_stack(dice)
    if dice.random() < 0.25:
        indented = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
        text = f"  console.error\n{indented}"
    return Example("react warnings", "react", example.cause, decorated(text, dice))


# ------------------------------------------------------------------ small parts


def varied(text: str, dice: random.Random) -> str:
    """Other names in quotes, other numbers, other paths."""
    if dice.random() < 0.7:
        text = _IN_QUOTES.sub(
            lambda hit: dice.choice(WORDS) if dice.random() < 0.5 else hit[0], text
        )
    if dice.random() < 0.5:
        text = _NUMBER.sub(
            lambda hit: (
                hit[0] if dice.random() < 0.6 or len(hit[0]) == 3 else str(dice.randrange(1, 400))
            ),
            text,
        )
    if dice.random() < 0.8:
        text = _LETTER.sub(lambda _: dice.choice(WORDS), text)
    root = dice.choice(
        (
            "/app",
            "/app",
            "/home/runner/work/web/web",
            "/builds/acme/api",
            "/usr/src/app",
            "C:\\work\\shop",
            "/Users/ci/dev/site",
            "/workspace",
        )
    )
    return re.sub(r"(?<![\w.])/app\b", root.replace("\\", "\\\\"), text)


def decorated(text: str, dice: random.Random) -> str:
    """What stands around a report when it is pasted."""
    lines = text.split("\n")
    if len(lines) > 3 and dice.random() < 0.12:
        lines = lines[: max(2, int(len(lines) * dice.uniform(0.4, 0.9)))]
    if dice.random() < 0.06:
        lines = [
            f"{dice.choice(('> app@1.0.0 test', '> app@0.4.1 build', '$ make ci', '$ yarn test', '+ npm run build'))}",
            "",
            *lines,
        ]
    if dice.random() < 0.06:
        lines += dice.choice(
            (
                ["npm ERR! code ELIFECYCLE", "npm ERR! errno 1"],
                ["error Command failed with exit code 1."],
                ["##[error]Process completed with exit code 1."],
                ["make: *** [Makefile:12: test] Error 1"],
                [" ELIFECYCLE  Command failed with exit code 1."],
            )
        )
    if dice.random() < 0.04:
        prefix = dice.choice(
            ("[10:12:01] ", "2024-02-03T10:11:12.000Z ", "web_1  | ", "    ", "##[error]")
        )
        lines = [prefix + line for line in lines]
    if dice.random() < 0.05:
        lines = [" ".join(line.strip() for line in lines if line.strip())]
    return "\n".join(lines)


def _name(dice: random.Random) -> str:
    return dice.choice(WORDS)


def _part(dice: random.Random) -> str:
    return dice.choice(WORDS).capitalize() + dice.choice(
        ("", "", "List", "Provider", "Page", "Row")
    )


def _file(dice: random.Random, end: str) -> str:
    return (
        dice.choice(("src/", "lib/", "app/", "packages/core/src/", "./", ""))
        + _name(dice)
        + dice.choice(("", "", "/" + _name(dice)))
        + end
    )


def _at(dice: random.Random) -> str:
    return f"{dice.randrange(2, 300)}:{dice.randrange(1, 60)}"


def _js_stack(dice: random.Random, count: int = 3) -> str:
    frames = (
        f"    at Object.<anonymous> (/app/{_file(dice, '.js')}:{_at(dice)})",
        "    at Module._compile (node:internal/modules/cjs/loader:1256:14)",
        "    at processTicksAndRejections (node:internal/process/task_queues:95:5)",
        f"    at async {_name(dice)} (/app/{_file(dice, '.js')}:{_at(dice)})",
        f"    at new {_part(dice)} (file:///app/{_file(dice, '.mjs')}:{_at(dice)})",
        f"    at {_name(dice)} ({_file(dice, '.ts')}:{_at(dice)})",
    )
    return "\n".join(dice.sample(frames, min(count, len(frames))))


def _indent(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else "" for line in text.split("\n"))


def _frame(dice: random.Random, by: int) -> str:
    at = dice.randrange(3, 200)
    pad = " " * by
    return f"{pad}  {at - 1} |   const {_name(dice)} = {_name(dice)}();\n{pad}> {at} |   {_name(dice)}.{_name(dice)}();\n{pad}     |          ^\n{pad}  {at + 1} | }});"


# ------------------------------------------------------------------ wrappings

Wrap = Callable[[str, random.Random], str]


def _bare(text: str, _: random.Random) -> str:
    return text


def _inner(text: str, dice: random.Random) -> str:
    return _indent(text, dice.choice((2, 4, 5, 6)))


def _node(text: str, dice: random.Random) -> str:
    return f"/app/{_file(dice, '.js')}:{dice.randrange(300)}\n    {_name(dice)}.{_name(dice)}()\n         ^\n\n{text}\n{_js_stack(dice)}\n\nNode.js v{dice.randrange(12, 23)}.1.0"


def _js_with_stack(text: str, dice: random.Random) -> str:
    return f"{dice.choice(('', '', 'Uncaught ', 'Unhandled rejection ', '[ERROR] '))}{text}\n{_js_stack(dice, dice.randrange(1, 5))}"


def _node_warning(text: str, dice: random.Random) -> str:
    return f"(node:{dice.randrange(9, 9000)}) UnhandledPromiseRejectionWarning: {text}\n{_js_stack(dice)}"


def _jest(text: str, dice: random.Random) -> str:
    head = f" FAIL  {_file(dice, '.test.js')}\n" if dice.random() < 0.4 else ""
    tail = (
        f"\n\n{_frame(dice, 6)}\n\n      at Object.<anonymous> ({_file(dice, '.test.js')}:{_at(dice)})"
        if dice.random() < 0.7
        else ""
    )
    return f"{head}  ● {_part(dice)} › {_name(dice)} the {_name(dice)}\n\n{_indent(text, 4)}{tail}"


def _jest_suite(text: str, dice: random.Random) -> str:
    return f"FAIL {_file(dice, '.spec.ts')}\n  ● Test suite failed to run\n\n{_indent(text, 4)}\n\n      at Object.<anonymous> ({_file(dice, '.js')}:{_at(dice)})"


def _vitest(text: str, dice: random.Random) -> str:
    file = _file(dice, ".test.ts")
    return (
        f" FAIL  {file} > {_name(dice)} > {_name(dice)}s the {_name(dice)}\n{text}\n ❯ {file}:{_at(dice)}\n"
        + (f"{_frame(dice, 2)}\n⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/1]⎯" if dice.random() < 0.5 else "")
    )


def _mocha(text: str, dice: random.Random) -> str:
    return f"  {dice.randrange(1, 9)}) {_part(dice)}\n       should {_name(dice)} the {_name(dice)}:\n{_indent(text, 5)}\n      at Context.<anonymous> (test/{_name(dice)}.js:{_at(dice)})"


def _karma(text: str, dice: random.Random) -> str:
    return (
        f"{dice.choice(('Chrome Headless 101.0.4951', 'HeadlessChrome 88.0', 'Firefox 102.0'))} (Linux x86_64) {_part(dice)} should {_name(dice)} FAILED\n"
        + "\n".join("\t" + line for line in text.split("\n"))
        + f"\n\t    at UserContext.<anonymous> (src/app/{_name(dice)}.spec.ts:{_at(dice)})"
    )


def _tap(text: str, dice: random.Random) -> str:
    return f"not ok {dice.randrange(1, 90)} - {_name(dice)}s the {_name(dice)}\n  ---\n  duration_ms: 2.1\n  failureType: 'testCodeFailure'\n  error: |-\n{_indent(text, 4)}\n  ..."


def _playwright(text: str, dice: random.Random) -> str:
    return f"  1) [{dice.choice(('chromium', 'firefox', 'webkit'))}] › e2e/{_name(dice)}.spec.ts:{_at(dice)} › {_name(dice)} › opens ─────────\n\n{_indent(text, 4)}\n\n{_frame(dice, 4)}\n\n        at /app/e2e/{_name(dice)}.spec.ts:{_at(dice)}"


def _component_stack(dice: random.Random) -> str:
    old = dice.random() < 0.4
    names = [_part(dice) for _ in range(dice.randrange(1, 4))]
    if old:
        return "\n".join(f"    in {name} (created by {_part(dice)})" for name in names)
    return "\n".join(f"    at {name} ({_file(dice, '.tsx')}:{_at(dice)})" for name in names)


def _component_crash(text: str, dice: random.Random) -> str:
    part = _part(dice)
    react = "\n".join(
        dice.sample(
            (
                "    at renderWithHooks (node_modules/react-dom/cjs/react-dom.development.js:16305:18)",
                "    at beginWork (node_modules/react-dom/cjs/react-dom.development.js:21587:16)",
                "    at mountIndeterminateComponent (node_modules/react-dom/cjs/react-dom.development.js:20074:13)",
                "    at performUnitOfWork (react-dom.development.js:26540:12)",
            ),
            2,
        )
    )
    forms = (
        f"{text}\n    at {part} ({_file(dice, '.jsx')}:{_at(dice)})\n{react}",
        f"The above error occurred in the <{part}> component:\n\n{_component_stack(dice)}\n\nConsider adding an error boundary to your tree to customize error handling behavior.\n{text}",
        f"{text}\n\nThis error is located at:\n    in {part} (at {_part(dice)}.js:12)\n    in RCTView",
        f"Unhandled Runtime Error\n{text}\n\nSource\n{_file(dice, '.tsx')} (22:19) @ {part}",
        f"ERROR  {text}\n\nComponent Stack:\n{_component_stack(dice)}",
    )
    return dice.choice(forms)


def _trace(text: str, dice: random.Random) -> str:
    frames = "".join(
        f'  File "/app/{_file(dice, ".py")}", line {dice.randrange(300)}, in {_name(dice)}\n    {_name(dice)}.{_name(dice)}()\n'
        for _ in range(dice.randrange(1, 4))
    )
    return f"Traceback (most recent call last):\n{frames}{text}"


def _pytest(text: str, dice: random.Random) -> str:
    kind = re.match(r"[\w.]+(?=[:(\s]|$)", text)
    lines = "\n".join(f"E       {line}" if line else "E" for line in text.split("\n"))
    head = (
        f"____________ test_{_name(dice)}_{_name(dice)} ____________\n\n"
        if dice.random() < 0.5
        else ""
    )
    code = (
        f"    def test_{_name(dice)}():\n>       {_name(dice)}.{_name(dice)}()\n"
        if dice.random() < 0.7
        else ""
    )
    return f"{head}{code}{lines}\n\ntests/test_{_name(dice)}.py:{dice.randrange(200)}: {kind[0].split('.')[-1] if kind else 'AssertionError'}"


def _pytest_short(text: str, dice: random.Random) -> str:
    return f"{dice.choice(('FAILED', 'FAILED', 'ERROR'))} tests/test_{_name(dice)}.py::test_{_name(dice)} - {text.split(chr(10))[0]}"


def _pytest_error(text: str, dice: random.Random) -> str:
    return f"_____ ERROR {dice.choice((f'at setup of test_{_name(dice)}', f'collecting tests/test_{_name(dice)}.py'))} _____\ntests/test_{_name(dice)}.py:3: in <module>\n    {_name(dice)}\nE   {text}"


def _unittest(text: str, dice: random.Random) -> str:
    name = _name(dice)
    kind = "FAIL" if "Assert" in text else "ERROR"
    return f"======================================================================\n{kind}: test_{name} (tests.test_{name}.{name.capitalize()}Tests)\n----------------------------------------------------------------------\n{_trace(text, dice)}"


def _jvm(text: str, dice: random.Random) -> str:
    return f"{dice.choice(('Exception in thread ' + chr(34) + 'main' + chr(34) + ' ', '', 'Caused by: '))}{text}\n\tat com.acme.{_name(dice)}.{_part(dice)}.{_name(dice)}({_part(dice)}.java:{dice.randrange(300)})\n\tat java.base/java.lang.Thread.run(Thread.java:833)"


def _surefire(text: str, dice: random.Random) -> str:
    part = _part(dice)
    return f"[ERROR] Tests run: 4, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.1 s <<< FAILURE! - in com.acme.{part}Test\n[ERROR] com.acme.{part}Test.{_name(dice)}s  Time elapsed: 0.01 s  <<< {dice.choice(('FAILURE', 'ERROR'))}!\n{text}\n\tat com.acme.{part}Test.{_name(dice)}s({part}Test.java:{dice.randrange(200)})"


def _surefire_short(text: str, dice: random.Random) -> str:
    part = _part(dice)
    first = text.split("\n")[0]
    kind, _, rest = first.partition(": ")
    short = kind.split(".")[-1].removesuffix("Exception")
    return f"[ERROR] {dice.choice(('Errors', 'Failures'))}: \n[ERROR]   {part}Test.{_name(dice)}:{dice.randrange(200)} » {short} {rest}"


def _gradle(text: str, dice: random.Random) -> str:
    part = _part(dice)
    return f"{part}Test > {_name(dice)}s {_name(dice)} FAILED\n    {text}\n        at com.acme.{part}Test.{_name(dice)}({part}Test.kt:{dice.randrange(200)})"


def _go(text: str, dice: random.Random) -> str:
    return (
        f"{dice.choice(('', '2024/01/02 10:11:12 ', 'fatal: '))}{text}\n\ngoroutine 1 [running]:\nmain.{_name(dice)}(...)\n\t/app/{_name(dice)}.go:{dice.randrange(200)} +0x1d\nexit status 2"
        if text.startswith(("panic", "fatal"))
        else f"{dice.choice(('', '2024/01/02 10:11:12 ', 'Error: ', 'error: '))}{text}"
    )


def _go_test(text: str, dice: random.Random) -> str:
    name = f"Test{_part(dice)}"
    if text.startswith(("panic", "fatal", "WARNING")):
        return f"=== RUN   {name}\n--- FAIL: {name} (0.00s)\n{text}\n\ngoroutine 7 [running]:\ntesting.tRunner.func1.2()\nFAIL\tgithub.com/acme/{_name(dice)}\t0.01s"
    first = f"    {_name(dice)}_test.go:{dice.randrange(200)}: {text}"
    return dice.choice(
        (
            f"--- FAIL: {name} (0.0{dice.randrange(9)}s)\n{first}\nFAIL",
            f"{first}\n--- FAIL: {name} (0.00s)",
        )
    )


def _rust(text: str, dice: random.Random) -> str:
    return f"thread 'main' panicked at {dice.choice((f'src/{_name(dice)}.rs:{_at(dice)}:', ''))}\n{text}\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"


def _rust_test(text: str, dice: random.Random) -> str:
    name = f"{_name(dice)}::tests::{_name(dice)}"
    return f"---- {name} stdout ----\nthread '{name}' panicked at src/{_name(dice)}.rs:{_at(dice)}:\n{text}\n\nfailures:\n    {name}"


def _ruby(text: str, dice: random.Random) -> str:
    kind, _, rest = text.partition(": ")
    return dice.choice(
        (
            text,
            f"/app/{_file(dice, '.rb')}:{dice.randrange(99)}:in `{_name(dice)}': {rest} ({kind})\n\tfrom bin/rails:4:in `<main>'",
            f"rake aborted!\n{text}",
        )
    )


def _rspec(text: str, dice: random.Random) -> str:
    kind, _, rest = text.partition(": ")
    said = (
        f"       {kind}:\n         {rest}"
        if re.match(r"[A-Z]\w+(::\w+)*$", kind) and rest
        else _indent(text, 7)
    )
    return f"  {dice.randrange(1, 9)}) {_part(dice)} {_name(dice)}s the {_name(dice)}\n     Failure/Error: {_name(dice)}.{_name(dice)}\n\n{said}\n     # ./spec/{_name(dice)}_spec.rb:{dice.randrange(99)}:in `block (2 levels) in <top (required)>'"


def _minitest(text: str, dice: random.Random) -> str:
    part = _part(dice)
    kind = "Error" if re.match(r"[A-Z]\w+(::\w+)*: ", text) else "Failure"
    return f"{kind}:\n{part}Test#test_{_name(dice)} [test/{_name(dice)}_test.rb:{dice.randrange(99)}]:\n{text}"


def _php(text: str, dice: random.Random) -> str:
    return dice.choice(
        (
            text,
            f"PHP Fatal error:  Uncaught {text} in /app/{_file(dice, '.php')}:{dice.randrange(99)}\nStack trace:\n#0 {{main}}",
        )
    )


def _phpunit(text: str, dice: random.Random) -> str:
    return f"{dice.randrange(1, 5)}) Tests\\{_part(dice)}Test::test{_part(dice)}\n{text}\n\n/app/tests/{_part(dice)}Test.php:{dice.randrange(99)}"


def _net(text: str, dice: random.Random) -> str:
    return f"Unhandled exception. {text.replace(' : ', ': ')}\n   at Acme.{_part(dice)}.Main() in /src/Program.cs:line {dice.randrange(99)}"


def _net_test(text: str, dice: random.Random) -> str:
    return f"  Failed Acme.Tests.{_part(dice)}Tests.{_part(dice)} [{dice.randrange(1, 90)} ms]\n  Error Message:\n   {text}\n  Stack Trace:\n     at Acme.Tests.{_part(dice)}Tests.{_part(dice)}() in /src/Tests.cs:line {dice.randrange(99)}"


CRASHES: dict[str, Sequence[Wrap]] = {
    "js": (_bare, _node, _js_with_stack, _js_with_stack, _node_warning),
    "py": (_bare, _trace, _trace),
    "jvm": (_jvm,),
    "go": (_go,),
    "rust": (_rust,),
    "ruby": (_ruby,),
    "php": (_php,),
    "net": (_net,),
}
RUNNERS: dict[str, Sequence[Wrap]] = {
    "js": (_jest, _jest, _jest_suite, _vitest, _mocha, _karma, _tap, _playwright),
    "py": (_pytest, _pytest, _pytest_short, _pytest_error, _unittest),
    "jvm": (_surefire, _surefire_short, _gradle),
    "go": (_go_test,),
    "rust": (_rust_test,),
    "ruby": (_rspec, _minitest),
    "php": (_phpunit,),
    "net": (_net_test,),
}


# ------------------------------------------------------------------ TypeScript's front ends


def _tsc_plain(code: str, text: str, dice: random.Random) -> str:
    return "\n".join(
        f"{_file(dice, dice.choice(('.ts', '.tsx', '.d.ts')))}({_at(dice).replace(':', ',')}): error {code}: {text}"
        for _ in range(dice.choice((1, 1, 2)))
    )


def _tsc_pretty(code: str, text: str, dice: random.Random) -> str:
    at = dice.randrange(1, 300)
    return (
        f"{_file(dice, '.ts')}:{at}:{dice.randrange(1, 60)} - error {code}: {text}\n\n{at}   {_name(dice)}.{_name(dice)}({_name(dice)});\n    ~~~~~"
        + dice.choice(("", f"\n\nFound 1 error in {_file(dice, '.ts')}:{at}"))
    )


def _tsc_jest(code: str, text: str, dice: random.Random) -> str:
    return f" FAIL  {_file(dice, '.test.ts')}\n  ● Test suite failed to run\n\n{_indent(_tsc_pretty(code, text, dice), 4)}"


def _tsc_loader(code: str, text: str, dice: random.Random) -> str:
    return dice.choice(
        (
            f"ERROR in {_file(dice, '.ts')}:{_at(dice)}\n{code}: {text}",
            f"[tsl] ERROR in /app/{_file(dice, '.tsx')}({_at(dice).replace(':', ',')})\n      {code}: {text}",
            f"ERROR in /app/{_file(dice, '.tsx')}\n{dice.choice(('./', ''))}{_file(dice, '.tsx')}\n({_at(dice).replace(':', ',')}): error {code}: {text}",
        )
    )


def _tsc_next(code: str, text: str, dice: random.Random) -> str:
    del code
    return f"Failed to compile.\n\n./{_file(dice, '.tsx')}:{_at(dice)}\nType error: {text}\n\n{_frame(dice, 0)}"


def _tsc_hover(code: str, text: str, dice: random.Random) -> str:
    return (
        f"{text} ts({code[2:]})"
        if dice.random() < 0.5
        else f"{text}ts({code[2:]})\n{_file(dice, '.d.ts')}({_at(dice).replace(':', ', ')}): '{_name(dice)}' is declared here."
    )


def _tsc_node(code: str, text: str, dice: random.Random) -> str:
    return f"TSError: ⨯ Unable to compile TypeScript:\n{_file(dice, '.ts')}{dice.choice((f':{_at(dice)} - ', f'({_at(dice)}): '))}error {code}: {text}\n\n    at createTSError (/app/node_modules/ts-node/src/index.ts:859:12)"


def _tsc_angular(code: str, text: str, dice: random.Random) -> str:
    return f"{dice.choice(('Error: ', '✘ [ERROR] '))}{_file(dice, '.component.ts')}:{_at(dice)} - error {code}: {text}"


def _tsc_bare(code: str, text: str, dice: random.Random) -> str:
    return dice.choice(
        (
            text,
            f"{code}: {text}",
            f"error {code}: {text}",
            f"semantic error {code}: {text}",
            f"{text} ({code[2:]})",
        )
    )


TSC = (
    _tsc_plain,
    _tsc_plain,
    _tsc_pretty,
    _tsc_pretty,
    _tsc_jest,
    _tsc_loader,
    _tsc_next,
    _tsc_hover,
    _tsc_node,
    _tsc_angular,
    _tsc_bare,
)
