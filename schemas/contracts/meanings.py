"""What classes, fields and enumeration members mean, in the words of the source: docstrings, and strings below a line.

Python keeps the docstring of a class but throws away those below its fields, so the source is read again. Only exports and
documentation do that, never a running service's start.
"""

import ast
import inspect
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cache

from pydantic import BaseModel


def meaning_of(cls: type) -> str:
    """Return a class's own docstring, unindented; empty where it has none."""
    return inspect.cleandoc(cls.__dict__.get("__doc__") or "")


def field_meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what a model's fields mean, inherited ones included; fields without a word are left out."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            found |= _attributes(cls)
    return {name: found[name] for name in model.model_fields if name in found}


def member_meanings(kind: type[Enum]) -> dict[str, str]:
    """Return what an enumeration's values mean, by value; values without a word are left out."""
    found = _attributes(kind)
    return {str(member.value): found[member.name] for member in kind if member.name in found}


def _attributes(cls: type) -> Mapping[str, str]:
    return _attributes_of(cls.__module__).get(cls.__qualname__, {})


@cache
def _attributes_of(module: str) -> Mapping[str, Mapping[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_documented(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line, below in zip(node.body, node.body[1:], strict=False):
        match line, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found.append((name, inspect.cleandoc(text)))
    return found
