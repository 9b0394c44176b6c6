"""docs/reference/strategies.md, from what Testfleet's own strategies say of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from testfleet.cli.reference.markdown import page, prose
from testfleet.planning.strategies import OWN_STRATEGIES, strategy_named

_INTRO = """\
What `--strategy` takes. Plugins may add to these. How to use and write them: [Choose a strategy, a
deadline or a budget](../how-to/choose-a-strategy.md)."""


def strategies_page() -> str:
    """The text of the page."""
    return page("Strategies", [_INTRO, *_sections()])


def _sections() -> Iterator[str]:
    for name in sorted(OWN_STRATEGIES):
        strategy = strategy_named(name)
        summary = strategy.summary[0].upper() + strategy.summary[1:]
        yield f"## {name}\n\n*{summary}.*\n\n{prose(type(strategy).__doc__)}"
