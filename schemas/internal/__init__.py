"""Ports that consumers, projections and infra share; no part of the public contract."""
