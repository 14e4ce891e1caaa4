"""Ports and values that consumers, projections and infra share, one module each; not part of the public contract.

All packages above ``schemas`` may import the modules.
"""
