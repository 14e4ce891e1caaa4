"""A shopper's order, from checkout to fulfillment. Import ``events``, ``errors``, ``aggregate`` and ``ports``."""
