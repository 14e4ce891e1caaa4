"""Roles of people in a store, and scopes of API keys."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may do in a store. Each role may do what the weaker ones may."""

    OWNER = "OWNER"
    """The merchant whose store it is, and no other person: publishes, pays, refunds, invites and deletes."""
    EDITOR = "EDITOR"
    """Edits everything that is not the owner's to decide."""
    VIEWER = "VIEWER"
    """Reads."""

    @property
    def rank(self) -> int:
        """Higher for a stronger role."""
        return _RANKS[self]

    def covers(self, needed: "Role") -> bool:
        """Whether the role is the needed one or stronger."""
        return self.rank >= needed.rank


_RANKS = {Role.VIEWER: 1, Role.EDITOR: 2, Role.OWNER: 3}


class KeyScope(StrEnum):
    """What an API key may do, within what its maker may do at that moment.

    A key's text has its scopes by their place in this list: add new ones at the end.
    """

    READ = "READ"
    """Read everything that its maker sees, except sessions and keys."""
    PRODUCTS = "PRODUCTS"
    """Change products, stock and photos."""
    CONTENT = "CONTENT"
    """Change pages, looks, collections, settings and generations of stores."""
    ORDERS = "ORDERS"
    """Ship orders and answer returns."""
    PUBLISH = "PUBLISH"
    """Approve, publish, pause and archive stores."""
    MONEY = "MONEY"
    """Refund shoppers and order at suppliers."""
