"""Agents: each turns the start of one step into outside calls and a command. ``infra.bootstrap`` and tests import them."""
