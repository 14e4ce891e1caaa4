"""A merchant's account and supplier connections, without credentials. Import ``events``, ``errors``, ``aggregate`` and ``ports``."""
