"""The schema's object types: each is made from a read model's view and reads what hangs below it through its parent."""

from gateway.graphql.types.enums import ENUMS

__all__ = ["ENUMS"]
"""Imported here, so that every enum has its description before the first type refers to it."""
