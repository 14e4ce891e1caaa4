"""Webhooks of outside systems. The gateway verifies and records them; policies react to the recorded events."""
