"""Where a store delivers, and for how much. Import ``rates``, ``weights``, ``countries`` and ``errors``."""
