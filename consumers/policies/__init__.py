"""Policies: each turns an event into the command that follows, without outside calls. ``infra.bootstrap`` imports them."""
