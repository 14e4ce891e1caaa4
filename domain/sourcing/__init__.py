"""Sourcing: which of a supplier's listings a store imports, and at which price."""
