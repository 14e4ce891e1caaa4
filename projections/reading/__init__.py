"""What queries share: scopes, paging, consistency tokens, availability and time travel. Imported by anybody who queries."""
