"""Policies: an event, and the command that follows from it. Nothing outside is asked. One file per concern."""
