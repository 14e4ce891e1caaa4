"""Ports implemented on PostgreSQL; import the modules directly."""
