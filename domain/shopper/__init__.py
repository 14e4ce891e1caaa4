"""A shopper, as a person with a right to be forgotten."""
