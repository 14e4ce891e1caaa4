"""A shopper's order, from checkout to fulfilment."""
