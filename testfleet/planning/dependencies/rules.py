"""`[[suites.NAME.depends]]` against the units of a suite: from names and globs to files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.project import PROJECT_FILE, DependsConfig
from testfleet.errors import UsageError
from testfleet.planning.dependencies.graph import DependencyGraph, show_cycle
from testfleet.planning.discovery.globs import PathPatterns


@dataclass(frozen=True)
class DependsTable:
    """The entries of one suite, and what their globs are looked up in."""

    suite: str
    entries: Sequence[DependsConfig]
    units: Mapping[str, object]
    """Files that take part in the run, in the order of collection."""
    elsewhere: Collection[str] = ()
    """Files that a run of some of the tests leaves out: a glob may match these alone, since what
    is not run blocks nothing."""

    def dependencies(self) -> tuple[Dependency, ...]:
        """The rules of the entries. Raises UsageError with file, key, and what is wrong: a name
        that nothing provides, a glob that matches nothing, a cycle."""
        files = [self._expand_all(at, "units", entry.units) for at, entry in self._numbered()]
        named: dict[str, list[str]] = {}
        for entry, found in zip(self.entries, files, strict=True):
            for name in entry.provides:
                named[name] = list(dict.fromkeys([*named.get(name, ()), *found]))
        rules = {
            at: rule
            for at, entry in self._numbered()
            for rule in self._rules(at, files[at], self._providers(at, entry, named))
        }
        self._check_cycles(rules)
        return tuple(rules.values())

    def _numbered(self) -> Iterator[tuple[int, DependsConfig]]:
        return enumerate(self.entries)

    def _providers(
        self, at: int, entry: DependsConfig, named: Mapping[str, list[str]]
    ) -> list[str]:
        providers: dict[str, None] = {}
        for word in entry.depends_on:
            found = named.get(word)
            providers |= dict.fromkeys(self._other(at, word, named) if found is None else found)
        return list(providers)

    def _other(self, at: int, word: str, named: Mapping[str, list[str]]) -> list[str]:
        """A word that is no name must be a glob."""
        try:
            return self._expand(at, "depends_on", word)
        except UsageError as exc:
            near = get_close_matches(word, [*named, *self.units], n=1)
            known = f"names provided: {', '.join(named) or 'none'}"
            raise UsageError(
                f"{self._key(at, 'depends_on')}: {word!r} is no name that an entry provides, and"
                f" as a glob it matches no test file of suite {self.suite!r}",
                hint=f"did you mean `{near[0]}`? {known}" if near else known,
            ) from exc

    def _rules(self, at: int, files: list[str], providers: list[str]) -> Iterator[Dependency]:
        # "All need the smoke test" does not mean that the smoke test needs itself.
        needed = set(providers)
        units = tuple(file for file in files if file not in needed)
        if len(files) > 1 and not units:
            raise self._circle(at, [files[0], files[1], files[0]])
        if len(files) == 1:
            units, providers = tuple(files), [file for file in providers if file != files[0]]
        if units and providers:
            yield Dependency(units=units, providers=tuple(providers))

    def _expand_all(self, at: int, key: str, globs: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(file for glob in globs for file in self._expand(at, key, glob)))

    def _expand(self, at: int, key: str, glob: str) -> list[str]:
        found = matches(glob, self.units)
        if not found and not matches(glob, self.elsewhere):
            near = get_close_matches(glob, self.units, n=1)
            raise UsageError(
                f"{self._key(at, key)}: {glob!r} matches no test file of suite {self.suite!r}",
                hint=(f"did you mean `{near[0]}`? " if near else "")
                + "expected a path relative to the repository, or a glob of such",
            )
        return found

    def _check_cycles(self, rules: Mapping[int, Dependency]) -> None:
        cycle = DependencyGraph(tuple(self.units), tuple(rules.values())).cycle()
        if cycle:
            unit, provider = cycle[:2]
            at = next(
                at
                for at, rule in rules.items()
                if unit in rule.units and provider in rule.providers
            )
            raise self._circle(at, cycle)

    def _circle(self, at: int, cycle: Sequence[str]) -> UsageError:
        return UsageError(
            f"{self._key(at, 'depends_on')}: dependencies go round in a circle:"
            f" {show_cycle(cycle)}",
            hint="`a -> b` reads `a needs b`: take one of these dependencies away",
        )

    def _key(self, at: int, key: str) -> str:
        return f"{PROJECT_FILE}: suites.{self.suite}.depends.{at}.{key}"


def matches(glob: str, files: Collection[str]) -> list[str]:
    """The file of that path, or else all that the glob fits by the rules of `PathPatterns`."""
    if glob in files:
        return [glob]
    patterns = PathPatterns([glob])
    return [file for file in files if patterns.match(file)]
