"""The families of templates. Each module tells its own, with the term of the literature.

PIT: Coles et al., ISSTA 2016. PraPR: Ghanbari et al., ISSTA 2019. TBar, with the numbers of its
fix patterns: Liu et al., ISSTA 2019. PAR: Kim et al., ICSE 2013. GenProg: Le Goues et al., IEEE TSE
2012. jGenProg: Martinez and Monperrus, ISSTA 2016 (Astor). NPEFix: Durieux et al., SANER 2017.
ACS: Xiong et al., ICSE 2017.
"""

from __future__ import annotations

from testfleet.repair.rewrite.place import Template
from testfleet.repair.rewrite.templates.calls import arguments, results, returns, wrapping
from testfleet.repair.rewrite.templates.expressions import (
    conditions,
    constants,
    conversions,
    copies,
    extended,
    keys,
    off_by_one,
    operands,
    operators,
    slices,
    strings,
)
from testfleet.repair.rewrite.templates.names import (
    api,
    imports,
    methods,
    scopes,
    targets,
    variables,
)
from testfleet.repair.rewrite.templates.statements import (
    base_cases,
    carried,
    exceptions,
    exits,
    guards,
    ingredients,
    initial,
    items,
    loops,
    movement,
    objects,
    twin,
    updates,
)


def all_templates() -> list[Template]:
    """Every family's templates."""
    expressions = (operators, off_by_one, constants, conditions, operands, slices, conversions)
    more = (
        extended,
        strings,
        keys,
        copies,
        variables,
        targets,
        methods,
        scopes,
        imports,
        api,
        arguments,
        wrapping,
    )
    statements = (
        results,
        returns,
        guards,
        base_cases,
        carried,
        exits,
        loops,
        updates,
        twin,
        items,
        movement,
        ingredients,
    )
    modules = (*expressions, *more, *statements, exceptions, objects, initial)
    return [template for module in modules for template in module.TEMPLATES]
