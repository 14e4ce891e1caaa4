"""The published schema as a client sees it. To read it takes half a second, so it is read once a process."""

from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

PUBLISHED = Path(__file__).parents[2] / "schemas" / "schema.graphql"


@cache
def published_schema() -> GraphQLSchema:
    """Return the schema of ``schemas/schema.graphql``, which a test holds equal to the served one. Do not change it."""
    return build_schema(PUBLISHED.read_text("utf-8"))
