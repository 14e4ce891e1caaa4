"""Adapters: one package per outside system. Each module implements ports of the packages below it.

Adapters translate vendor exceptions; none crosses a port. ``infra.bootstrap``, ``infra.log``, ``infra.cli`` and tests
import the modules directly.
"""
