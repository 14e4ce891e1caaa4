"""The GraphQL API for dashboards: queries, mutations and one subscription, all limited to the merchant's own data.

Other packages import ``gateway.graphql.schema.sdl``.
"""

from gateway.graphql.enums import ENUMS

__all__ = ["ENUMS"]
"""Imported here, so that every enum has its description before a type or an input refers to it."""
