"""Pages about TOML files, from the pydantic models that read them and the docstrings below keys."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from testfleet.cli.reference.markdown import page, prose, table


@dataclass(frozen=True)
class ModelPage:
    """One file format."""

    title: str
    model: type[BaseModel]
    intro: str
    from_elsewhere: frozenset[str] = frozenset()
    """Fields of the model that are no keys of the file."""


@dataclass(frozen=True)
class TomlTable:
    """One table of the file."""

    heading: str
    """`[environment]`; empty for the keys that stand before all tables."""
    model: type[BaseModel]


def model_page(source: ModelPage) -> str:
    """The text of the page."""
    blocks = [source.intro]
    for found in toml_tables(source.model):
        rows = list(_rows(found.model, source.from_elsewhere))
        if not rows:
            continue
        if found.heading:
            blocks += [f"## `{found.heading}`", prose(found.model.__doc__)]
        blocks.append(table(("Key", "Value", "Default", "Meaning"), rows))
    return page(source.title, blocks)


def toml_tables(model: type[BaseModel], path: str = "") -> Iterator[TomlTable]:
    """The model's tables, each before those inside of it."""
    yield TomlTable(f"[{path}]" if path and not path.startswith("[") else path, model)
    for name, field in model.model_fields.items():
        inner, form = _inner_table(field.annotation)
        if inner is not None:
            yield from toml_tables(inner, form.format(f"{path}.{name}" if path else name))


def documented_keys(model: type[BaseModel]) -> dict[str, str]:
    """The docstring below each key of a model; empty where there is none."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel):
            found |= _attribute_docstrings(each)
    return {name: found.get(name, "") for name in model.model_fields}


def _rows(
    model: type[BaseModel], from_elsewhere: frozenset[str]
) -> Iterator[tuple[str, str, str, str]]:
    meanings = documented_keys(model)
    for name, field in model.model_fields.items():
        if name in from_elsewhere or _inner_table(field.annotation)[0] is not None:
            continue
        yield f"`{name}`", _value(field), _default(field), prose(meanings[name])


def _inner_table(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The model of a key that is a table, and the form of its heading."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation, "{}"
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is dict and _is_model(args[1]):
        return args[1], f"{{}}.{_placeholder(args[0])}"
    if origin is tuple and _is_model(args[0]):
        return args[0], "[[{}]]"
    return None, ""


def _is_model(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


def _placeholder(key: Any) -> str:
    return "NAME" if key is str else "|".join(_choices(key))


def _value(field: FieldInfo) -> str:
    limits = [text for each in field.metadata if (text := _limit(each))]
    return ", ".join([_type(field.annotation), *limits])


def _type(annotation: Any) -> str:
    plain = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true` or `false`",
        date: "date",
    }
    if annotation in plain:
        return plain[annotation]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(args[0])
    if origin in (Union, types.UnionType):
        return " or ".join(_type(each) for each in args if each is not type(None))
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if origin is dict:
        return f"table of {_type(args[1])}"
    return " or ".join(f"`{choice}`" for choice in _choices(annotation))


def _choices(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return [str(choice.value) for choice in annotation]
    raise TypeError(f"no words for a key of type {annotation!r}: add them here")


def _limit(constraint: Any) -> str:
    words = {
        "gt": "more than {}",
        "ge": "at least {}",
        "le": "at most {}",
        "max_length": "at most {} entries",
        "min_length": "not empty",
        "pattern": "like `{}`",
    }
    found = [
        text.format(getattr(constraint, key))
        for key, text in words.items()
        if getattr(constraint, key, None) is not None
    ]
    return ", ".join(found)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}):
        return ""
    return f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return str(value)


@cache
def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Text of the string that stands below an annotated name in the class's source."""
    source = ast.parse(inspect.getsource(model))
    body = source.body[0]
    if not isinstance(body, ast.ClassDef):
        return {}
    found = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        match (field, after):
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
