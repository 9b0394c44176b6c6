"""Which profiles have what is required, and which is nearest when none has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from testfleet.config import Profile
from testfleet.errors import UsageError
from testfleet.planning.placement.abilities import Abilities, Requirement, abilities_of
from testfleet.planning.placement.requirements import parse_all


def able_profiles(
    requires: frozenset[str],
    profiles: Mapping[str, Profile],
    preferred: Sequence[str],
    *,
    bound: bool = False,
) -> tuple[str, ...]:
    """Profiles that have all of it: of the preferred if one does, else of all others.

    When `bound`, there are no others. Raises UsageError when no profile has all, and names the
    nearest.
    """
    asked = parse_all(requires)
    reachable = preferred if bound else tuple(profiles)
    abilities = {name: abilities_of(profiles[name]) for name in reachable}
    able = tuple(name for name in reachable if not abilities[name].lacking(asked))
    if not able:
        raise _unmet(asked, abilities, bound=bound)
    return tuple(name for name in preferred if name in able) or able


def _unmet(
    asked: Sequence[Requirement], abilities: Mapping[str, Abilities], *, bound: bool
) -> UsageError:
    lacking = {name: has.lacking(asked) for name, has in abilities.items()}
    nearest = min(abilities, key=lambda name: sum(map(abilities[name].shortfall, asked)))
    missing = ", ".join(
        f"{each} ({abilities[nearest].describe(each)})" for each in lacking[nearest]
    )
    all_of_it = ", ".join(str(each) for each in asked)
    if bound:
        return UsageError(
            f"tests require {all_of_it}, but code that is not trusted runs on `{nearest}` only, "
            f"which lacks {missing}",
            hint="give the untrusted_profile of config/ENVIRONMENT.toml what it lacks, or ask for "
            "less in `requires`",
        )
    return UsageError(
        f"tests require {all_of_it}, which no worker profile has: nearest is `{nearest}`, which "
        f"lacks {missing}",
        hint="add it to a [profiles.NAME] of config/ENVIRONMENT.toml, or ask for less in "
        "`requires` of testfleet.toml",
    )
