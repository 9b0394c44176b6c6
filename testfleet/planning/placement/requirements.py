"""Reads what tests ask of their workers: one small language, whoever writes it.

    docker                     a flag
    architecture:arm64         a word of a fixed set
    network:internet           a level: a worker with a higher one has the lower ones, too
    memory>=4096               an amount, in MB; also written `mem>=4GB`
    browser:chromium>=120      a version; `==120` is met by every 120.x

The usual other names are understood (`Chrome`, `amd64`, `ram>=8GiB`). A requirement is a lower
bound: a worker may always have more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from testfleet.errors import UsageError
from testfleet.planning.placement.abilities import TAXONOMY, Ability, Kind, Requirement, Version

_NAMES: Final = {
    "arch": "architecture",
    "cpu": "vcpu",
    "cpus": "vcpu",
    "vcpus": "vcpu",
    "cores": "vcpu",
    "mem": "memory",
    "memory_mb": "memory",
    "ram": "memory",
    "disk_mb": "disk",
    "storage": "disk",
    "time_limit": "time",
    "time_limit_s": "time",
    "gpus": "gpu",
    "browsers": "browser",
}
_WORDS: Final = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "x86-64": "x86_64",
    "aarch64": "arm64",
    "chrome": "chromium",
    "google-chrome": "chromium",
    "safari": "webkit",
    "spot": "fargate-spot",
    "fargate_spot": "fargate-spot",
}
_SIZES: Final[Mapping[str, float]] = {
    "": 1.0,
    "m": 1.0,
    "mb": 1.0,
    "mib": 1.0,
    "g": 1024.0,
    "gb": 1024.0,
    "gib": 1024.0,
    "t": 1024.0**2,
    "tb": 1024.0**2,
    "tib": 1024.0**2,
}
_TIMES: Final[Mapping[str, float]] = {"": 1.0, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_UNITS: Final[Mapping[str, Mapping[str, float]]] = {"MB": _SIZES, "s": _TIMES, "": {"": 1.0}}

_FORM: Final = re.compile(
    r"(?P<name>[a-z0-9_-]+)(?::(?P<word>[a-z0-9_-]+))?\s*"
    r"(?:(?P<operator>>=|==|=|<=|<|>|@)\s*(?P<value>[^\s<>=@]+(?:\s*[a-z]+)?))?"
)
_NUMBER: Final = re.compile(r"(?P<digits>[0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(?P<unit>[a-z]*)")
_LEAST: Final = 0.001
_MOST: Final = 1e9
"""More memory or time no worker has, and within these bounds normal forms need no exponent."""
_VERSION: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")


@lru_cache(maxsize=4096)
def parse(text: str) -> Requirement:
    """Read one requirement.

    Raises UsageError that says what was received, what is allowed, and the nearest known word.
    """
    found = _FORM.fullmatch(text.strip().casefold())
    if found is None:
        raise UsageError(
            f"requirement {_shown(text)}: expected a form like `docker`, `memory>=4096` or "
            "`browser:chromium>=120`",
            hint=f"abilities: {', '.join(TAXONOMY)}",
        )
    ability, word = _subject(text, found["name"], found["word"])
    return _bounded(text, ability, word, found["operator"] or "", found["value"] or "")


def normalise(text: str) -> str:
    """The one normal form of a requirement. Raises UsageError."""
    return str(parse(text))


def parse_all(texts: Iterable[str]) -> tuple[Requirement, ...]:
    """Every requirement once, in the order of their normal forms. Raises UsageError."""
    return tuple(sorted({parse(text) for text in texts}, key=str))


def other_names(ability: Ability) -> list[str]:
    """Names and words that are understood in place of the ability's own."""
    names = [name for name, meant in _NAMES.items() if meant == ability.name]
    return names + [word for word, meant in _WORDS.items() if meant in ability.words]


def unit_names(ability: Ability) -> list[str]:
    """Units that may follow an amount of it."""
    return [unit for unit in _UNITS[ability.unit] if unit]


def parse_version(text: str) -> Version:
    """`131.0.6778` as numbers. Raises UsageError."""
    if not _VERSION.fullmatch(text):
        raise UsageError(f"version {_shown(text)}: expected one to four numbers, like 131.0")
    return tuple(int(part) for part in text.split("."))


def _subject(text: str, name: str, word: str | None) -> tuple[Ability, str]:
    """The ability that is meant, and its word. A word may stand alone where it says enough."""
    name = _NAMES.get(name, name)
    ability = TAXONOMY.get(name)
    if ability is None and word is None:
        alone = _WORDS.get(name, name)
        owners = [each for each in TAXONOMY.values() if alone in each.words]
        if owners:
            return owners[0], alone
    if ability is None:
        raise _unknown(text, name, [*TAXONOMY, *_NAMES, *_all_words()], "abilities")
    if not ability.words:
        if word is not None:
            raise UsageError(
                f"requirement {_shown(text)}: `{name}` has no kinds, so nothing follows it by `:`"
            )
        return ability, ""
    chosen = _WORDS.get(word or "", word or "")
    if chosen not in ability.words:
        raise _unknown(text, chosen, list(ability.words), f"kinds of `{ability.name}`")
    return ability, chosen


def _bounded(text: str, ability: Ability, word: str, operator: str, value: str) -> Requirement:
    if ability.kind is Kind.AMOUNT:
        return _amount(text, ability, operator, value)
    if not operator:
        if ability.kind is Kind.LEVEL and word == ability.words[0]:
            raise UsageError(
                f"requirement {_shown(text)} asks for nothing: a worker may always have more",
                hint="leave it out; code that must not reach out runs on `untrusted_profile`",
            )
        return Requirement(ability.name, word)
    if ability.kind is not Kind.VERSION:
        raise UsageError(f"requirement {_shown(text)}: `{ability.name}` is not compared")
    operator = {"@": "==", "=": "=="}.get(operator, operator)
    if operator not in (">=", "=="):
        raise UsageError(f"requirement {_shown(text)}: a version takes `>=` or `==`")
    try:
        return Requirement(ability.name, word, operator, _trimmed(parse_version(value), operator))
    except UsageError as exc:
        raise UsageError(f"requirement {_shown(text)}: {exc}") from None


def _amount(text: str, ability: Ability, operator: str, value: str) -> Requirement:
    units = _UNITS[ability.unit]
    found = _NUMBER.fullmatch(value)
    if not operator and ability.name == "gpu":
        return Requirement(ability.name, "", ">=", 1.0)
    amount = float(found["digits"]) * units.get(found["unit"], math.nan) if found else math.nan
    if operator != ">=" or not _LEAST <= amount <= _MOST:
        known = ", ".join(f"`{unit}`" for unit in units if unit) or "no unit"
        raise UsageError(
            f"requirement {_shown(text)}: expected `{ability.name}>=NUMBER`, "
            f"{_LEAST} to {_MOST:.0f}, with {known}"
            + (f"; without a unit it is {ability.unit}" if ability.unit else "")
        )
    return Requirement(ability.name, "", operator, amount)


def _trimmed(version: Version, operator: str) -> Version:
    """At least 120.0 is at least 120."""
    while operator == ">=" and len(version) > 1 and version[-1] == 0:
        version = version[:-1]
    return version


def _unknown(text: str, name: str, known: list[str], what: str) -> UsageError:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f": did you mean `{_canonical(near[0])}`?" if near else ""
    listed = TAXONOMY if what == "abilities" else known
    return UsageError(
        f"requirement {_shown(text)}: there is no such ability{guess}"
        if what == "abilities"
        else f"requirement {_shown(text)} names none of the {what}{guess}",
        hint=f"{what}: {', '.join(listed)}",
    )


def _canonical(name: str) -> str:
    word = _WORDS.get(name, name)
    owners = [each for each in TAXONOMY.values() if word in each.words]
    return f"{owners[0].name}:{word}" if owners else _NAMES.get(name, name)


def _all_words() -> list[str]:
    return [*_WORDS, *(word for each in TAXONOMY.values() for word in each.words)]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004  one line
