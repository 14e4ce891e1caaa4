"""The GraphQL documents of the demo's merchant fit the gateway's schema."""

import pytest
from graphql import parse, validate

from infra.demo import merchant
from tests.support.schema import published_schema

DOCUMENTS = {name: text for name, text in vars(merchant).items() if name.isupper() and isinstance(text, str)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_valid(name: str) -> None:
    assert validate(published_schema(), parse(DOCUMENTS[name])) == []
