"""JavaScript and TypeScript as a list of tokens: enough to read literals out of a configuration."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MAX_CHARACTERS: Final = 256 * 1024
_TOKEN: Final = re.compile(
    r"""
    (?P<space>(?:\s|//[^\n]*|/\*.*?\*/)+)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)
  | (?P<number>\d[\w.]*)
  | (?P<name>[\w$\#]+)
  | (?P<mark>\.\.\.|=>|\?\.|\?\?|&&|\|\||[=!]==?|[<>]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX: Final = re.compile(r"/((?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,60}\]){1,500})/([a-z]*)")
_BEFORE_REGEX: Final = frozenset("([{,;=:!&|?+-*%<>~^") | {"=>", "&&", "||", "??", "==", "==="}
_WORDS_BEFORE_REGEX: Final = frozenset({"return", "typeof", "case", "in", "of", "default"})
_QUOTES: Final = frozenset("\"'`")
_ESCAPE: Final = re.compile(
    r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


class Token(NamedTuple):
    """One word, literal or mark."""

    kind: str
    """`string`, `template` (one with something computed in it), `regex`, `number`, `name`, `mark`
    or, as the last one, `end`."""
    text: str
    """A string's value, a regular expression's source; else what stands there."""
    flags: str = ""


END: Final = Token("end", "")


def tokens(code: str) -> list[Token]:
    """The tokens of a file; of one that is too long, none. Never raises."""
    found: list[Token] = []
    at = 0
    code = code if len(code) <= MAX_CHARACTERS else ""
    while at < len(code):
        is_comment = code.startswith(("/*", "//"), at)
        if code[at] == "/" and not is_comment and _may_be_regex(found):
            regex = _REGEX.match(code, at)
            if regex:
                found.append(Token("regex", regex[1], regex[2]))
                at = regex.end()
                continue
        match = _TOKEN.match(code, at)
        if match is None or _is_unclosed(code, match):
            break  # What follows would be looked through from each such place anew.
        at = match.end()
        if match.lastgroup not in (None, "space"):
            found.append(_token(str(match.lastgroup), match[0]))
    return [*found, END]


def _may_be_regex(before: list[Token]) -> bool:
    if not before:
        return True
    last = before[-1]
    if last.kind == "mark":
        return last.text in _BEFORE_REGEX
    return last.kind == "name" and last.text in _WORDS_BEFORE_REGEX


def _is_unclosed(code: str, match: re.Match[str]) -> bool:
    """A quote or a comment that is never closed."""
    return match[0] in _QUOTES or (match[0] == "/" and code.startswith("/*", match.start()))


def _token(kind: str, text: str) -> Token:
    if kind != "string":
        return Token(kind, text)
    if text[0] == "`" and "${" in text:
        return Token("template", text)
    return Token("string", _ESCAPE.sub(_unescape, text[1:-1]))


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "ux" and len(code) > 1:
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number <= 0x10FFFF else ""  # noqa: PLR2004  the last character
    return "" if code == "\n" else _ESCAPES.get(code, code)
