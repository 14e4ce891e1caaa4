"""Roles of people in stores, scopes of API keys, and what each of them may do. Import ``roles`` and ``permissions``."""
