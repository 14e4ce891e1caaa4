"""The table of permissions: which role and which key scope each command and each field of the API needs.

The table is ``permissions.toml``. What it does not list, only a store's owner may do, and no API key.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from domain.team.roles import KeyScope, Role


@dataclass(frozen=True, slots=True)
class Permission:
    """What a command or a field needs."""

    role: Role = Role.OWNER
    """The weakest role in the store that suffices."""
    scope: KeyScope | None = None
    """The scope that an API key needs; None if no key suffices."""


CLOSED = Permission()
"""The permission of everything that is not listed."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """The table."""

    commands: Mapping[str, Permission]
    """By the command's class name."""
    internal: frozenset[str]
    """Commands that agents, shoppers and providers send, and no person's request."""
    fields: Mapping[str, Permission]
    """By type and field, such as ``Query.store``. Of types other than the roots, only fields that need more than a view."""
    types: frozenset[str]
    """Types whose objects a viewer of the store may read, except the fields in ``fields``."""

    def command(self, name: str) -> Permission:
        """Return what a command needs."""
        return self.commands.get(name, CLOSED)

    def field(self, type_name: str, name: str) -> Permission:
        """Return what a field needs."""
        listed = self.fields.get(f"{type_name}.{name}")
        if listed is not None:
            return listed
        return Permission(Role.VIEWER, KeyScope.READ) if type_name in self.types else CLOSED


@cache
def permissions() -> Permissions:
    """Return the table."""
    table = tomllib.loads(resources.files(__package__).joinpath("permissions.toml").read_text())
    return Permissions(
        commands={name: _permission(each) for name, each in table["commands"].items()},
        internal=frozenset(table["internal"]),
        fields={
            f"{type_name}.{name}": _permission(each)
            for type_name, listed in table["fields"].items()
            for name, each in listed.items()
        },
        types=frozenset(table["types"]),
    )


def _permission(entry: Mapping[str, str]) -> Permission:
    scope = entry.get("scope")
    return Permission(Role(entry["role"]), None if scope is None else KeyScope(scope))
