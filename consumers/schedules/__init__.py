"""Schedules: commands that are due at a time rather than after an event. ``infra.bootstrap`` imports them."""
