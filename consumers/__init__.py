"""Reactions to events: agents call outside and send commands, policies only send commands.

``ports`` holds what they are given; ``agents``, ``policies`` and ``schedules`` hold them. ``app.ConsumerApp`` connects a
list of them to the log, and ``runtime`` delivers records in order, with retries and dead letters. Import from those
modules directly; ``infra.bootstrap`` builds the consumers.
"""
