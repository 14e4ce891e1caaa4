"""Benches: the speed of the log next to the machine's own limit.

``benches`` lists every bench. Each bench is a module that measures on its own servers (``servers``) and returns figures
(``figures``). The same run also measures the machine's limit for the same work, in turns with the bench. ``infra.cli`` may
import all modules; tests may import ``workload`` and ``filling``.
"""
