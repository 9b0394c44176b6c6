"""docs/reference/abilities.md, from the taxonomy and the names that requirements may go by."""

from __future__ import annotations

from testfleet.cli.reference.markdown import page, table
from testfleet.planning.placement.abilities import TAXONOMY, Ability, Kind
from testfleet.planning.placement.requirements import other_names, unit_names

_INTRO = """\
What `requires` of [testfleet.toml](testfleet-toml.md) may ask for. A requirement is a lower bound:
a worker may always have more. Upper and lower case are the same. What a profile has stands in
[config/ENVIRONMENT.toml](config.md). How to use it: [Choose the workers of a
suite](../how-to/choose-workers.md)."""

_FORMS = {
    Kind.FLAG: "`{name}`",
    Kind.CHOICE: "`{name}:WORD`",
    Kind.LEVEL: "`{name}:WORD`: that or a later word of the list",
    Kind.AMOUNT: "`{name}>=NUMBER`",
    Kind.VERSION: "`{name}:WORD`, `{name}:WORD>=VERSION`, `{name}:WORD==VERSION`",
}


def abilities_page() -> str:
    """The text of the page."""
    head = ("Ability", "Asks for", "Form", "Words or unit", "Also written")
    return page("Abilities", [_INTRO, table(head, map(_row, TAXONOMY.values()))])


def _row(ability: Ability) -> tuple[str, str, str, str, str]:
    words = ", ".join(f"`{word}`" for word in ability.words)
    units = ", ".join(f"`{unit}`" for unit in unit_names(ability))
    unit = f"{ability.unit}; with a unit: {units}" if ability.unit else ""
    also = ", ".join(f"`{name}`" for name in other_names(ability))
    return (
        f"`{ability.name}`",
        ability.meaning,
        _FORMS[ability.kind].format(name=ability.name),
        words or unit,
        also,
    )
