"""What jobs print when nothing is wrong: npm, pip, Gradle, Go and Docker."""

# ruff: noqa: RUF001 E501  lines of logs are as long as they are, with the signs that tools use

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """What one kind of job prints."""

    name: str
    setup: Sequence[str]
    passing: Sequence[str]
    harmless: Sequence[Sequence[str]]
    """Trouble that failed nothing, each some lines that stand together."""
    end: Sequence[str]


NPM = Style(
    "npm",
    (
        "Run npm ci",
        "added {n} packages, and audited {n} packages in {k}s",
        "{k} packages are looking for funding",
        "npm warn deprecated {package}@{k}.0.1: this version is no longer supported",
        "> app@1.{k}.0 build",
        "transforming ({n}) src/components/{name}/index.js",
        "✓ {n} modules transformed.",
        "dist/assets/{name}-{n}.js   {k}.12 kB │ gzip: 1.02 kB",
        "npm http fetch GET 200 https://packages.example/{package} {n}ms (cache hit)",
        "found 0 vulnerabilities",
    ),
    (
        "PASS src/{name}/{name}.test.tsx ({k}.2 s)",
        "PASS src/{name}/errors.test.js",
        "  ✓ {name} shows an error when the request fails ({k} ms)",
        "  ✓ handles undefined {name} ({k} ms)",
        "    ✓ rejects with TypeError when {name} is missing",
        " ✓ src/{name}/{name}.test.ts ({k} tests) {n}ms",
        "  ✓  {k} [chromium] › e2e/{name}.spec.ts:{k}:3 › {name} › opens ({k}.1s)",
        "  ok {k} [firefox] › e2e/{name}.spec.ts:{k}:5 › times out gracefully ({k}ms)",
    ),
    (
        (
            "  console.error",
            '    Warning: Each child in a list should have a unique "key" prop.',
            "",
            "    Check the render method of `{name}List`.",
            "        at li",
            "        at {name}List (src/{name}/List.tsx:{k}:10)",
            "",
            "      at printWarning (node_modules/react/cjs/react.development.js:209:30)",
        ),
        (
            "  console.error",
            "    Error: {name} service unavailable",
            "        at Object.<anonymous> (src/{name}/errors.test.js:{k}:11)",
            "        at Promise.then.completed (node_modules/jest-circus/build/utils.js:298:28)",
            "",
            "      at src/{name}/client.js:{k}:13",
        ),
        (
            "stderr | src/{name}/{name}.test.ts > {name} > survives a lost connection",
            "Error: connect ECONNREFUSED 127.0.0.1:{n}",
            "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1495:16)",
            "",
        ),
        ("(node:{n}) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.",),
        ("npm warn EBADENGINE Unsupported engine {{ package: '{package}@{k}.1.0' }}",),
        ("npm warn ERESOLVE overriding peer dependency", "npm warn Found: react@18.2.0"),
        (
            "src/{name}/{name}.ts:{k}:5: warning  'value' is defined but never used  no-unused-vars",
            "",
            "✖ {k} problems (0 errors, {k} warnings)",
        ),
        ("[warn] tsconfig: option 'importsNotUsedAsValues' is deprecated",),
        (
            "npm http fetch GET https://packages.example/{package} attempt 1 failed with ETIMEDOUT",
            "npm http fetch GET 200 https://packages.example/{package} {n}ms attempt #2",
        ),
        ("(!) Some chunks are larger than 500 kB after minification.",),
    ),
    ("npm error Lifecycle script `test` failed with error:", "npm error code 1"),
)

PIP = Style(
    "pip",
    (
        "Run pip install -r requirements.txt",
        "Collecting {wheel}=={k}.{k}.1",
        "  Downloading {wheel}-{k}.1-py3-none-any.whl ({n} kB)",
        "Requirement already satisfied: {wheel} in ./lib/python3.11/site-packages",
        "Building wheels for collected packages: {wheel}",
        "Successfully installed {wheel}-{k}.0.1",
        "rootdir: /srv/app",
        "plugins: cov-4.1.0, asyncio-0.23.2, xdist-3.5.0",
    ),
    (
        "tests/test_{name}.py::test_{name}_raises_value_error PASSED   [ {k}%]",
        "tests/test_{name}.py::test_timeout_is_reported PASSED          [ {k}%]",
        "tests/test_{name}.py ......................                     [ {k}%]",
        "test_{name} (tests.test_{name}.Test{k}) ... ok",
        "tests/test_errors.py::test_missing_{name} SKIPPED (needs network) [ {k}%]",
        "tests/test_{name}.py::test_known_bug XFAIL (issue {n})         [ {k}%]",
    ),
    (
        (
            "lib/python3.11/site-packages/{wheel}/core.py:{k}",
            "  DeprecationWarning: pkg_resources is deprecated as an API",
        ),
        (
            "WARNING  {name}.client:client.py:{k} request failed, retrying: ConnectionError: timed out",
            "INFO     {name}.client:client.py:{k} request succeeded after 1 retry",
        ),
        (
            "ERROR    {name}.service:service.py:{k} could not parse the expected error payload",
            "Traceback (most recent call last):",
            '  File "/app/{name}/service.py", line {k}, in load',
            '    raise ValueError("bad payload")',
            "ValueError: bad payload",
            "tests/test_{name}.py::test_bad_payload_is_logged PASSED   [ {k}%]",
        ),
        ("WARNING: Running pip as the 'root' user can result in broken permissions",),
        (
            "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by 'ReadTimeout'",
        ),
        ("app/{name}.py:{k}: UserWarning: the value of {name} is ignored",),
    ),
    ("=========== 1 failed, {n} passed, {k} warnings in {k}.22s ===========",),
)

GRADLE = Style(
    "gradle",
    (
        "Downloading https://services.example/distributions/gradle-8.{k}-bin.zip",
        "> Task :app:compileKotlin",
        "> Task :{name}:processResources UP-TO-DATE",
        "[INFO] Downloaded from central: https://repo.example/{name}-{k}.pom ({k} kB at 120 kB/s)",
        "[INFO] --- surefire:3.1.2:test (default-test) @ {name} ---",
        "Starting a Gradle Daemon (subsequent builds will be faster)",
    ),
    (
        "{name}.{name}ServiceTest > rejectsNull() PASSED",
        "[INFO] Tests run: {k}, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.{k} s",
        "com.example.{name}.RetryTest > failsThreeTimes() PASSED",
        "com.example.{name}.TimeoutTest STANDARD_OUT",
    ),
    (
        ("w: file:///app/src/main/kotlin/{name}.kt:{k}:5 Parameter 'error' is never used",),
        ("Note: Some input files use unchecked or unsafe operations.",),
        (
            "{n} [main] ERROR com.example.{name}.Client - expected failure in the test",
            "java.lang.IllegalStateException: simulated",
            "\tat com.example.{name}.Client.call(Client.java:{k})",
        ),
        (
            "{n} [main] WARN com.example.{name}.Pool - connection refused, retrying in 100 ms",
            "{n} [main] INFO com.example.{name}.Pool - connected",
        ),
        ("[WARNING] The artifact {name}:{name}:jar:{k} has been relocated",),
        (
            "Deprecated Gradle features were used in this build, making it incompatible with Gradle 9.0.",
        ),
    ),
    ("> Task :app:test FAILED", "", "BUILD FAILED in {k}s", "{k} actionable tasks: {k} executed"),
)

GO = Style(
    "go",
    (
        "go: downloading golang.org/x/{name} v0.{k}.0",
        "go: downloading example.org/{name}/v2 v2.{k}.1",
        "Run go test ./...",
        "?   \texample.org/app/{name}\t[no test files]",
    ),
    (
        "ok  \texample.org/app/{name}\t0.{k}s\tcoverage: {k}.2% of statements",
        "=== RUN   Test{name}/returns_an_error",
        "--- PASS: Test{name} (0.{k}s)",
        "    --- PASS: Test{name}/connection_refused (0.00s)",
        "PASS",
    ),
    (
        (
            "=== RUN   Test{name}Retry",
            "2024/03/0{d} 11:0{d}:12 dial tcp 127.0.0.1:{n}: connect: connection refused, retrying",
            "--- PASS: Test{name}Retry (0.{k}s)",
        ),
        (
            "=== RUN   Test{name}Recovers",
            "2024/03/0{d} 11:0{d}:12 recovered: runtime error: index out of range [3] with length 3",
            "--- PASS: Test{name}Recovers (0.0{d}s)",
        ),
        ('level=warning msg="[linters_context] {name} is disabled because of generics."',),
        ('go: warning: "./tools/..." matched no packages',),
    ),
    ("FAIL", "FAIL\texample.org/app/{name}\t{k}.2s", "make: *** [Makefile:{k}: test] Error 1"),
)

DOCKER = Style(
    "docker",
    (
        "#{d} [internal] load build definition from Dockerfile",
        "#{d} sha256:{n}ab{n}cd 4.19MB / 31.4MB 0.2s",
        "#{d} {d}.{k} Get:{k} http://deb.example/debian bookworm/main amd64 lib{name} [{n} kB]",
        "#{d} {d}.{k} Setting up lib{name}:amd64 ({k}.1-2) ...",
        "#{d} CACHED",
        "#{d} DONE {d}.{d}s",
        " Container app-{name}-1  Started",
    ),
    (
        "{name}-1  | 200 GET /health {k}ms",
        "{name}-1  | ok {k} - answers on /{name}",
        "  ✓ {name} answers ({k}ms)",
    ),
    (
        ("#{d} {d}.{k} debconf: delaying package configuration, since apt-utils is not installed",),
        ("#{d} {d}.{k} WARNING: apt does not have a stable CLI interface. Use with caution",),
        (
            "db-1  | FATAL:  the database system is starting up",
            "{name}-1  | connection refused, retrying in 1s (attempt 1/5)",
            "db-1  | LOG:  database system is ready to accept connections",
        ),
        (" ! the attribute `version` is obsolete, it will be ignored",),
        (
            "{name}-1  | Error: simulated failure for /{name}/broken",
            "{name}-1  | ok {k} - answers 500 when the backend fails",
        ),
    ),
    ("app-1 exited with code 1", "Aborting on container exit..."),
)

STYLES = (NPM, PIP, GRADLE, GO, DOCKER)
