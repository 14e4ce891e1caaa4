"""Operates the log's two halves: publisher, verification, restoration, readiness. Above the adapters."""
