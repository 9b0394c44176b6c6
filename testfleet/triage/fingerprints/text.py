"""Messages without what varies from run to run: numbers, ids, times, paths, addresses, values.

Two forms are made. The template masks every value. The specific form keeps the names that make one
cause another: modules, attributes, hosts, well-known ports, codes of errors.

Each text is read once by one alternation without nested repetition, and long ones are cut first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

MAX_MESSAGE: Final = 2_000
"""Characters of a message that are compared."""
_EPHEMERAL_PORT: Final = 1 << 15
"""Ports from here on are handed out by chance; those below name a service."""
_ID_LENGTH: Final = 20
"""A word of so many letters and digits, mixed, is an id."""

_VALUE: Final = "<value>"
_STAMP: Final = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_TOKEN: Final = re.compile(
    rf"(?P<time>{_STAMP}|\b\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?\b)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)"
    r"|(?P<address>\b0x[0-9a-fA-F]+\b)"
    r"|(?P<code>\bTS\d{4,5}\b|\bE\d{4}\b|\[?Errno -?\d{1,5}\]?|\bWinError \d{1,5}\b"
    r"|\b(?:HTTP(?:/[\d.]+)?|status(?: code)?|exit code|signal) \d{1,3}\b)"
    r"|(?P<url>\b[a-z][a-z0-9+.]{1,15}://[^\s'\"<>)\]},]{1,400})"
    r"|(?P<quoted>(?<!\w)(?:'[^'\n]{0,400}'|\"[^\"\n]{0,400}\"|`[^`\n]{0,400}`"
    "|\u2018[^\u2019\n]{0,400}\u2019)(?!\\w))"
    r"|(?P<path>(?<![\w.])(?:[A-Za-z]:)?[/\\](?:[\w.@+~-]{1,100}[/\\]){1,40}[\w.@+~-]{1,150}"
    r"|(?<![\w.])/tmp/[\w.@+~-]{1,150})"
    r"|(?P<port>(?<=[A-Za-z0-9\]]):\d{2,5}\b(?![:.\d])|\bport \d{2,5}\b)"
    r"|(?P<duration>\b\d+(?:[.,]\d+)? ?(?:ms|us|µs|ns|s|sec|secs|seconds?|minutes?|min|m|h)\b)"
    r"|(?P<number>(?<![\w.])[-+]?\d[\d_,]*(?:\.\d+)?(?:[eE][-+]?\d{1,4})?%?(?![\w]))"
    r"|(?P<word>[A-Za-z_][\w$]*|\d\w*)"
)
_WORD: Final = re.compile(r"\w+")
_MAX_NAME: Final = 100
"""Characters of a name or a type. What is longer and quoted is data."""
_NAMED: Final = re.compile(r"'[^']{1,300}'|[a-z]{2,16}://\S{1,300}|:\d{2,5}\b|TS\d{4,5}")
_DIGITS: Final = re.compile(r"\d+")
_HEX: Final = re.compile(r"[0-9a-fA-F]{7,64}$")
_TEMPORARY: Final = re.compile(r"(?:^|[/\\])(?:tmp|temp|var[/\\]folders|pytest-of-\w+)[/\\]", re.I)
_REPEATED: Final = re.compile(r"(<\w+>)(?:(?:, ?| )\1)+")
_BLANKS: Final = re.compile(r"\s+")


def template(message: str) -> str:
    """The message with every value masked: what one place of the code says, whatever the data."""
    return _masked(message, {"word": masked_word, "code": str})


def specific(message: str) -> str:
    """The message with its names and only chance masked: ids, times, temporary folders."""
    return _masked(message, _KEPT)


def masked_path(path: str) -> str:
    """The last part of a path, without its digits; all of a temporary folder is one word."""
    if _TEMPORARY.search(path):
        return "<tmp>"
    return masked_word(path.replace("\\", "/").rstrip("/").rpartition("/")[2])


def masked_word(word: str) -> str:
    """A name without the digits that count its kind: `user42` is `user<n>`."""
    if _is_id(word):
        return _VALUE
    return _DIGITS.sub("<n>", word)


def words(text: str) -> frozenset[str]:
    """What two masked texts are compared by: their words, and pairs of neighbours."""
    found = re.findall(r"<\w+>|[\w$.]+", text)
    return frozenset(found) | {f"{a} {b}" for a, b in pairwise(found)}


def names(text: str) -> frozenset[str]:
    """What is quoted in a specific form, and its addresses: they make one cause another."""
    return frozenset(_NAMED.findall(text))


def _masked(message: str, kept: Mapping[str, Callable[[str], str]]) -> str:
    def replace(match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        return kept[kind](match[0]) if kind in kept else _VALUE

    text = _TOKEN.sub(replace, message[:MAX_MESSAGE])
    return _REPEATED.sub(r"\1", _BLANKS.sub(" ", text)).strip()


def _keep_name(found: str) -> str:
    inner = found[1:-1].strip("\"'")
    if _TEMPORARY.search(inner) or inner.startswith(("/", "\\")) or inner[1:3] in (":\\", ":/"):
        return f"'{masked_path(inner)}'"
    if "://" in inner:
        return f"'{_url(inner)}'"
    if len(inner) > _MAX_NAME or not any(map(str.isalpha, inner)):
        return _VALUE
    return f"'{_WORD.sub(lambda word: masked_word(word[0]), inner)}'"


def _url(found: str) -> str:
    scheme, _, rest = found.partition("://")
    place, slash, path = rest.partition("/")
    host, _, port = place.rpartition("@")[2].partition(":")
    parts = [masked_word(part) for part in path.partition("?")[0].split("/") if part]
    return f"{scheme}://{masked_word(host)}{_port(':' + port) if port else ''}{slash}" + "/".join(
        parts
    )


def _port(found: str) -> str:
    number = int(digits[0]) if (digits := _DIGITS.findall(found)) else 0
    return found if 0 < number < _EPHEMERAL_PORT else _DIGITS.sub(_VALUE, found)


def _is_id(word: str) -> bool:
    if _HEX.match(word):
        return any(letter.isdigit() for letter in word)
    has_both = any(letter.isdigit() for letter in word) and any(map(str.isalpha, word))
    return len(word) >= _ID_LENGTH and has_both and "_" not in word and "/" not in word


_KEPT: Final[Mapping[str, Callable[[str], str]]] = {
    "quoted": _keep_name,
    "code": str,
    "url": _url,
    "path": masked_path,
    "port": _port,
    "word": masked_word,
}
