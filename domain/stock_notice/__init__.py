"""A shopper's request for a mail when a sold-out variant is back. Import ``events``, ``errors`` and ``aggregate``."""
