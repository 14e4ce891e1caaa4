"""Delivers records to consumers: in order per key, counted, with a dead-letter queue."""
