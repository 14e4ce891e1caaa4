"""What agents, policies and schedules run on: delivery in order per key, counted, and outside calls that are made once.

``consumers.app`` uses all of it; ``infra.cli`` imports ``dead_letter_replay``.
"""
