"""The GraphQL schema for dashboard frontends: queries, mutations and one subscription, all scoped to the owner."""

from gateway.graphql.enums import ENUMS

__all__ = ["ENUMS"]
"""Imported here, so that every enum has its description before the first type or input refers to it."""
