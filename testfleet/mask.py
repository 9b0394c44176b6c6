"""Secrets out of text, before anything is stored or sent.

Known forms of tokens are found wherever they stand; anything else by the name before it. What is
masked becomes `***`, which is no secret to any of the patterns: masking twice changes nothing.
All patterns are linear: a class repeated once, with a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MASK: Final = "***"

_TOKENS: Final = (
    r"gh[pousr]_[A-Za-z0-9]{20,255}",
    r"github_pat_[A-Za-z0-9_]{20,255}",
    r"gl(?:pat|ptt|dt|rt|cbt|oas|soat|ft|imt|agent)-[A-Za-z0-9_.-]{16,255}",
    r"(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,255}",
    r"xapp-[A-Za-z0-9-]{10,255}",
    r"npm_[A-Za-z0-9]{30,255}",
    r"pypi-[A-Za-z0-9_-]{16,300}",
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,255}",
    r"whsec_[A-Za-z0-9+/=]{16,255}",
    r"sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,255}",
    r"eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{0,4000})?",
    r"AIza[A-Za-z0-9_-]{35}",
    r"ya29\.[A-Za-z0-9_-]{20,500}",
    r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}",
    r"hf_[A-Za-z0-9]{30,64}",
    r"dop_v1_[a-f0-9]{64}",
    r"dckr_pat_[A-Za-z0-9_-]{20,64}",
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    r"hvs\.[A-Za-z0-9_-]{20,255}",
    r"rubygems_[a-f0-9]{48}",
    r"glsa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}",
    r"lin_api_[A-Za-z0-9]{30,64}",
    r"dapi[a-f0-9]{32}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(_TOKENS) + ")")
_KEY_BLOCK = re.compile(
    r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(.{0,10000}?)"
    r"(-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_URL_PASSWORD = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@'\"]{0,200}:)[^\s@/'\"]{1,300}(?=@)"
)
_URL_TOKEN = re.compile(r"(https?://)[^\s:/@'\"]{16,300}(?=@)")
_AUTHORISATION = re.compile(
    r"((?:proxy-)?authorization['\"]?\s{0,3}[:=]\s{0,3}['\"]?"
    r"(?:bearer |basic |token |digest |aws4-hmac-sha256 )?)"
    r"(?!(?:bearer|basic|token|digest)\b)[^\s'\",;]{4,4000}",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b((?:bearer|basic) )[A-Za-z0-9._~+/=-]{16,4000}", re.IGNORECASE)
_HOOK = re.compile(
    r"(https://(?:hooks\.slack\.com/(?:services|workflows)|(?:\w{1,10}\.)?discord(?:app)?\.com/api/webhooks)/)"
    r"[A-Za-z0-9/_-]{10,200}"
)
_QUERY = re.compile(
    r"([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|sig|signature|token|key|access_token"
    r"|api_key|code)=)[^\s&'\"]{8,2000}",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"((?<![A-Za-z0-9])(?:set-)?cookie['\"]?\s{0,3}[:=]\s{0,3}['\"]?)(?=[^\s=]{1,100}=)[^\r\n'\"]{6,4000}",
    re.IGNORECASE,
)
_SPACED = re.compile(
    r"(\baws_(?:session_token|secret_access_key)[ \t]{1,3})[A-Za-z0-9/+=]{16,4000}", re.IGNORECASE
)
_MYSQL = re.compile(r"(\bmysql(?:dump|admin)?\b[^\n]{0,200}? -p)[^\s'\"]{4,200}")
_NAMES: Final = (
    *("password", "passwd", "passphrase", "secret", "api[_-]?key", "access[_-]?key", "token"),
    *("private[_-]?key", "account[_-]?key", "encryption[_-]?key", "signing[_-]?key", "credential"),
    *("sharedaccesssignature", "_pwd", r"\bpwd", r"\bpass", "_pass"),
)
_NAMED = re.compile(
    rf"((?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,60}}(?:{'|'.join(_NAMES)})[A-Za-z0-9_-]{{0,30}}['\"]?"
    r"\s{0,3}(?:=>|[:=])\s{0,3}['\"]?)([^\s'\",;&|<>(){}\[\]]{6,4000})",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"true|false|process\.env.*|os\.environ.*|\*+|\$\{?.*|[a-z]{1,14}|[a-z]+(?:-[a-z]+)+"
    r"|[A-Z][A-Za-z]*(?:Error|Exception).*|[\w./-]+\.(?:py|tsx?|jsx?|rb|go|java):\d+.*"
)
"""What follows a name like `token` without being a secret: words, code, places."""
_AFTER_A_PREFIX: Final = (
    *(_URL_PASSWORD, _URL_TOKEN, _HOOK, _QUERY, _AUTHORISATION, _BEARER),
    *(_COOKIE, _SPACED, _MYSQL),
)
_HINTS: Final = (
    *("pass", "pwd", "secret", "key", "token", "credential", "auth", "bearer", "basic ", "://"),
    *("cookie", "mysql", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "xapp"),
    *("glpat", "glptt", "gldt", "glrt", "glcbt", "gloas", "glsoat", "glft", "glimt", "glagent"),
    *("glsa_", "npm_", "pypi-", "eyj", "sk_", "sk-", "rk_", "pk_", "sg.", "hf_", "hvs.", "sig="),
    *("signature", "whsec", "ya29", "aiza", "akia", "asia", "aroa", "aida", "agpa", "anpa"),
    *("abia", "acca", "dop_", "dckr", "shp", "lin_", "dapi", "rubygems_"),
)


def mask(text: str) -> str:
    """The text with every secret that can be told from it replaced by `***`. Keeps line ends."""
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return text
    text = _KEY_BLOCK.sub(_masked_block, text)
    for pattern in _AFTER_A_PREFIX:
        text = pattern.sub(rf"\1{MASK}", text)
    text = _TOKEN.sub(MASK, text)
    return _NAMED.sub(_masked_value, text)


def mask_log(text: str) -> str:
    """As `mask`, for megabytes: only lines that hold a hint are looked at, each with the next."""
    if "PRIVATE KEY" in text:
        text = _KEY_BLOCK.sub(_masked_block, text)
    lowered = text.lower()
    if len(lowered) != len(text):
        return mask(text)  # a few letters get longer in lower case: places would not be the same
    masked, done = [], 0
    for start, end in _hinted(lowered):
        masked += [text[done:start], mask(text[start:end])]
        done = end
    return "".join((*masked, text[done:]))


def _hinted(lowered: str) -> Iterator[tuple[int, int]]:
    """Ranges of whole lines with a hint, and the line after each; in order, and apart."""
    found: set[int] = set()
    for hint in _HINTS:
        at = lowered.find(hint)
        while at >= 0:
            found.add(lowered.rfind("\n", 0, at) + 1)
            at = lowered.find(hint, _line_end(lowered, at))
    start = end = 0
    for line in sorted(found):
        if line > end:
            if end > start:
                yield start, end
            start = line
        end = _line_end(lowered, _line_end(lowered, line) + 1)
    if end > start:
        yield start, end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _masked_block(found: re.Match[str]) -> str:
    """As many lines as before: the numbers of lines are answers."""
    return found[1] + "\n".join(MASK if line else "" for line in found[2].split("\n")) + found[3]


def _masked_value(found: re.Match[str]) -> str:
    if _HARMLESS.fullmatch(found[2]):
        return found[0]
    return found[1] + MASK
