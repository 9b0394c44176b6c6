"""Secrets do not leave a log."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from testfleet.contracts.result import TestResult, WorkerError, WorkerErrorType
from testfleet.execution.masking import stored_error, stored_log, without_secrets
from testfleet.mask import MASK, mask, mask_log
from testfleet.triage.classify import Chain

# Put together here, so that no scanner takes this file for a leak.
TOKENS = {
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitHub app": "ghs_" + "a1B2" * 9,
    "GitHub fine": "github_pat_" + "11ABCDEFG0" * 8,
    "GitLab": "glpat-" + "aB3_" * 5,
    "AWS": "AKIA" + "IOSFODNN7EXAMPL3",
    "AWS session": "ASIA" + "IOSFODNN7EXAMPL3",
    "Slack": "xoxb-" + "123456789012-abcdefGHIJKL",
    "npm": "npm_" + "aB3d" * 9,
    "PyPI": "pypi-" + "AgEIcHlwaS5vcmc" * 4,
    "Stripe": "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "OpenAI": "sk-" + "proj-" + "aB3d" * 10,
    "JWT": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0." + "dBjftJeZ4CVP_mB92K27uhbUJU1p1r",
    "Google": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "SendGrid": "SG." + "aB3d" * 5 + "." + "eF5g" * 8,
    "Hugging Face": "hf_" + "aB3d" * 9,
    "Vault": "hvs." + "aB3d" * 8,
    "DigitalOcean": "dop_v1_" + "0a1b" * 16,
    "RubyGems": "rubygems_" + "0a1b" * 12,
    "Docker": "dckr_" + "pat_" + "aB3d" * 7,
    "GitLab runner": "glrt-" + "aB3d" * 5,
}
SECRET = "c0rrectHorse-Battery9"
NAMED = [
    "DB_PASSWORD={}",
    "password: {}",
    '"api_key": "{}"',
    "--client-secret={}",
    "AWS_SECRET_ACCESS_KEY={}",
    "aws_secret_access_key = {}",
    "Authorization: Bearer {}",
    "authorization: Basic {}",
    "curl -H 'Authorization: token {}' https://example.com",
    "postgres://app:{}@db:5432/app",
    "redis://:{}@cache:6379/0",
    "https://user:{}@example.com/app.git",
    "https://x-access-token:{}@github.com/a/b",
    "Server=db;User Id=sa;Password={};Encrypt=true",
    "AccountName=a;AccountKey={}==;EndpointSuffix=core",
    "//registry.npmjs.org/:_authToken={}",
    "NPM_TOKEN={}",
    "https://example.com/x?X-Amz-Signature={}&a=1",
    "export GITHUB_TOKEN='{}'",
    "secret => {}",
    "MYSQL_PWD={} mysql",
    "mysql -h db -uroot -p{} app",
    "Cookie: theme=dark; session={}",
    "set-cookie: sid={}; Path=/",
]

_KEY = ("-----BEGIN RSA PRIVATE KEY-----", "MIIB", "-----END RSA PRIVATE KEY-----")
_FORMS = tuple(form.format(SECRET) for form in NAMED)
LINES = ["ok", "", "password:", f"  {SECRET}", *_KEY, *_FORMS, *TOKENS.values()]


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_masked_wherever_it_stands(name):
    masked = mask(f"fetching with {TOKENS[name]}, then done")
    assert masked == f"fetching with {MASK}, then done"


@pytest.mark.parametrize("form", NAMED)
def test_a_secret_is_masked_by_the_name_before_it(form):
    masked = mask("before\n" + form.format(SECRET) + "\nafter")
    assert SECRET not in masked
    assert MASK in masked
    assert masked.startswith("before\n")
    assert masked.endswith("\nafter")


def test_a_key_of_aws_is_masked_beside_its_name_in_a_table():
    token = "IQoJb3JpZ2luX2VjEXAMPLE/w=="
    assert mask(f"aws_session_token  {token}") == f"aws_session_token  {MASK}"


def test_a_private_key_is_masked_and_keeps_its_lines():
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\nAbc=\n-----END RSA PRIVATE KEY-----"
    masked = mask(f"a\n{key}\nb")
    assert "MIIEow" not in masked
    assert masked.count("\n") == f"a\n{key}\nb".count("\n")


def test_a_private_key_that_was_cut_is_masked_to_the_end():
    assert "MIIEow" not in mask("-----BEGIN PRIVATE " + "KEY-----\nMIIEow\nAbc")


@pytest.mark.parametrize(
    "line",
    [
        "SyntaxError: Unexpected token } in JSON at position 214",
        "error TS2345: Argument of type 'Token' is not assignable",
        "Error: password is required",
        "expected token: identifier",
        "tests/test_token.py::test_password PASSED",
        "KeyError: 'secret'",
        "Error: Missing secret: process.env.API_KEY",
        "https://example.com:8080/path@2x.png",
        "npm ERR! code E401",
        "Error: connect ECONNREFUSED 127.0.0.1:5432",
        "sha512-abc integrity checksum failed",
        "src/auth/token.ts:12:5 - error TS2304: Cannot find name 'tokens'.",
    ],
)
def test_messages_about_secrets_stay_as_they_are(line):
    assert mask(line) == line


@given(st.text(alphabet="abcXYZ019=:/@'\" -_.\n{}*?&", max_size=200))
@example("password=secretvalue1 token: " + "a" * 50)
@example("-----BEGIN PRIVATE " + "KEY-----\nx\n-----END PRIVATE KEY-----")
def test_masking_twice_changes_nothing_and_lines_stay(text):
    once = mask(text)
    assert mask(once) == once
    assert once.count("\n") == text.count("\n")


@given(st.sampled_from(sorted(TOKENS.values()) + [form.format(SECRET) for form in NAMED]))
def test_masking_a_masked_secret_changes_nothing(line):
    assert mask(mask(line)) == mask(line)


def test_no_text_makes_masking_take_long():
    for hostile in ("a.b-c_" * 30_000, "token" * 40_000, "://a:" * 40_000, "eyJ" * 60_000):
        mask(hostile)


def test_evidence_carries_no_secret():
    found = Chain().classify(
        [f"Error: E401 for https://bot:{SECRET}@example.com/x\n    at get (a)"]
    )
    assert SECRET not in " ".join(line.text for line in found[0].evidence)


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_a_log_is_masked_as_any_text_is(lines):
    text = "\n".join(lines)

    assert mask_log(text) == mask(text)


@pytest.mark.parametrize("name", TOKENS)
def test_no_secret_of_a_test_leaves_its_worker(name):
    token = TOKENS[name]
    result = TestResult(
        id="t.py::test_a", file="t.py", outcome="failed", duration_s=0, message=f"sent {token}"
    )
    error = WorkerError(type=WorkerErrorType.INTERNAL, message=f"git clone failed: {token}")
    log = b"\xff binary\n" + f"using {token}\nok\n".encode()

    stored = without_secrets(result)

    assert token not in stored.message + stored_error(error).message
    assert stored_log(log) == b"\xff binary\nusing ***\nok\n"


@pytest.mark.parametrize(
    "test", ["test_a.py::TestTokenStream::test_iter", "t.py::test[password=hunter22]"]
)
def test_ids_are_the_frameworks_own(test):
    result = TestResult(id=test, file="t.py", outcome="passed", duration_s=0, message="any")
    assert without_secrets(result).id == test
