"""Ports implemented on PostgreSQL."""
