"""The meanings of classes, fields and enumeration members, from docstrings and from strings below fields.

Python drops the strings below fields, so this module reads the source. Only exports and documentation do that; services do
not at their start.
"""

import ast
import inspect
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cache

from pydantic import BaseModel


def meaning_of(cls: type) -> str:
    """Return a class's own docstring, unindented; empty if it has none."""
    return inspect.cleandoc(cls.__dict__.get("__doc__") or "")


def field_meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the meanings of a model's fields, inherited ones included; undocumented fields are left out."""
    meanings: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            meanings |= _attributes(cls)
    return {name: meanings[name] for name in model.model_fields if name in meanings}


def member_meanings(kind: type[Enum]) -> dict[str, str]:
    """Return the meanings of an enumeration's members by value; undocumented members are left out."""
    meanings = _attributes(kind)
    return {str(member.value): meanings[member.name] for member in kind if member.name in meanings}


def _attributes(cls: type) -> Mapping[str, str]:
    return _attributes_of(cls.__module__).get(cls.__qualname__, {})


@cache
def _attributes_of(module: str) -> Mapping[str, Mapping[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_documented(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> list[tuple[str, str]]:
    documented: list[tuple[str, str]] = []
    for line, below in zip(node.body, node.body[1:], strict=False):
        match line, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                documented.append((name, inspect.cleandoc(text)))
    return documented
