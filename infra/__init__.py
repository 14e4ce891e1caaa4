"""Adapters, composition, the command line, embedded servers and benches.

Other packages import only ``web``, which web servers share, and ``retry``.
"""
