"""The text of a JUnit file, whatever bytes a tool has written: what expat can read is left as it
is, what XML does not allow is taken out, so that one odd character does not cost a whole report.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

_DECLARED: Final = re.compile(
    rb"""^\s{0,64}<\?xml[^>]{0,200}?encoding\s{0,8}=\s{0,8}["']([^"']{1,40})"""
)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ANSI: Final = re.compile(r"(?:\x1b|&#27;|&#[xX]1[bB];)(?:\[[0-9;:?]{0,32}[A-Za-z])?")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE: Final = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_LONGEST_REFERENCE: Final = 40
"""Of a reference, or a sequence that sets a colour: that much at the end of a piece may be the
beginning of one."""
_LIMITS: Final = (0xD800, 0xE000, 0x110000)


class TextOfXml:
    """Turns the bytes of a file, piece by piece, into text that an XML parser takes."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None
        self._rest = ""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """The text of the next piece. The first must hold the XML declaration, if there is one."""
        if self._decoder is None:
            name, data = _encoding_of(data)
            self._decoder = codecs.getincrementaldecoder(name)("replace")
        text = self._rest + self._decoder.decode(data, final)
        at = len(text) if final else _safe_end(text)
        text, self._rest = text[:at], text[at:]
        return _FORBIDDEN.sub("", _REFERENCE.sub(_allowed, _ANSI.sub("", text)))


def _encoding_of(data: bytes) -> tuple[str, bytes]:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name, data[len(bom) :]
    declared = _DECLARED.match(data)
    if declared is None:
        return "utf-8", data
    try:
        codec = codecs.lookup(declared[1].decode("ascii", "replace"))
        "".encode(codec.name)  # LookupError for what is no encoding of text, like base64
    except (LookupError, ValueError):
        return "utf-8", data
    # The declaration itself was read as ASCII, so what it says of two bytes a character is untrue.
    return ("utf-8" if codec.name.startswith(("utf-16", "utf-32")) else codec.name), data


def _safe_end(text: str) -> int:
    """Where a reference or a colour begins that the next piece may complete."""
    at = max(
        text.rfind("&", len(text) - _LONGEST_REFERENCE), text.rfind("\x1b", -_LONGEST_REFERENCE)
    )
    return len(text) if at < 0 else at


def _allowed(reference: re.Match[str]) -> str:
    """The reference, or nothing when XML 1.0 has no such character."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    low, high, end = _LIMITS
    is_fine = number in (9, 10, 13) or 0x20 <= number < low or high <= number < end  # noqa: PLR2004
    return reference[0] if is_fine and number not in (0xFFFE, 0xFFFF) else ""
