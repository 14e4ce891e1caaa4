"""A store: its brand, its pages and its life cycle. Import ``brand``, ``events``, ``errors``, ``aggregate`` and ``ports``."""
