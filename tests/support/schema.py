"""The published schema as a client sees it, and the served one. Each takes half a second, so it is built once a process."""

from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

from gateway.graphql.schema import Schema
from gateway.graphql.schema import build_schema as build_served_schema

PUBLISHED = Path(__file__).parents[2] / "schemas" / "schema.graphql"


@cache
def published_schema() -> GraphQLSchema:
    """Return the schema of ``schemas/schema.graphql``, which a test holds equal to the served one. Do not change it."""
    return build_schema(PUBLISHED.read_text("utf-8"))


@cache
def served_schema(*, plans: bool = True) -> Schema:
    """Return the gateway's schema with its resolvers, whose plans and counts are shared. Do not change it."""
    return build_served_schema(plans=plans)
