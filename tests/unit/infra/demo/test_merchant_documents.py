"""The GraphQL documents of the demo's merchant fit the gateway's schema."""

import pytest
from graphql import build_schema, parse, validate

from gateway.graphql.schema import sdl
from infra.demo import merchant

DOCUMENTS = {name: text for name, text in vars(merchant).items() if name.isupper() and isinstance(text, str)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_valid(name: str) -> None:
    assert validate(build_schema(sdl()), parse(DOCUMENTS[name])) == []
