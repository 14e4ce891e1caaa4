"""Agents: each turns the start of a step into calls outside and a command. Imported by ``infra.bootstrap`` and tests."""
