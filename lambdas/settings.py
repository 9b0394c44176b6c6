"""A function's environment variables, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from testfleet.errors import UsageError

_Settings = TypeVar("_Settings", bound=BaseModel)


def read_settings(model: type[_Settings], environ: Mapping[str, str]) -> _Settings:
    """The model's fields from the variables of the same names.

    Raises UsageError that names each variable and what was expected, and shows no value.
    """
    try:
        return model.model_validate({name: environ[name] for name in environ})
    except ValidationError as exc:
        problems = "; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in exc.errors())
        raise UsageError(
            f"the function's environment variables are wrong: {problems}",
            hint="they are set by the function's stack in stacks/: deploy it again",
        ) from None
