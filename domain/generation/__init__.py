"""A store's generation: one job of five steps.

``steps`` has their order, ``aggregate`` their progress; ``understanding`` and ``correction`` are about the niche.
"""
