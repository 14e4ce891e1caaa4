"""What queries share: scopes, paging, consistency tokens, availability and time travel. Every package with queries imports it."""
