"""The names of the read models, for code that must not load the models themselves: every process has connections."""

NAMES = ("catalog", "jobs", "sales", "merchants")
"""Each is also the name of its model's live schema."""

SEARCH_PATH = ", ".join(NAMES)
"""The start of the search path of connections that query the live read models."""
