"""Delivers records to consumers: in order per key, counted, with a dead letter topic.

``consumers.app`` uses all of it; ``infra.cli`` imports ``dead_letter_replay``.
"""
