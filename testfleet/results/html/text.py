"""Text of tests, which is hostile until shown otherwise, as HTML and as JSON inside of HTML."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any, Final

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DIRECTION: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
"""What changes the direction of writing can make a name read as another."""
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]{0,40}[A-Za-z]")


def plain(text: str) -> str:
    """The text with nothing in it that a reader could not see."""
    text = _COLOURS.sub("", text.replace("\r\n", "\n"))
    return _CONTROL.sub("\ufffd", _DIRECTION.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def html(text: str) -> str:
    """Text as content or as the value of a quoted attribute."""
    return escape(plain(text), quote=True)


def clip(text: str, length: int) -> str:
    """At most so many characters, the beginning of it."""
    return text if len(text) <= length else text[: length - 1] + "…"


def script_json(value: Any) -> str:
    """JSON that can stand inside a `script` element: no `<` can end it, nor begin a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def seconds(value: float) -> str:
    """`0.42 s`, `12.3 s`, `4 min 10 s`."""
    if value < _MINUTE:
        return f"{value:.2f} s" if value < _TEN else f"{value:.1f} s"
    minutes, rest = divmod(round(value), _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min {rest} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"


def many(count: int, what: str) -> str:
    """`1 test`, `2 tests`."""
    return f"{count:,} {what}{'s' * (count != 1)}"


_TEN: Final = 10
_MINUTE: Final = 60
