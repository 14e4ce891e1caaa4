"""Replays of generations: the same agents on an event log in memory, with recorded answers instead of the outside."""
