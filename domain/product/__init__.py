"""A product: imported or added by hand, described, priced, stocked and sold.

``aggregate`` holds it; ``creation``, ``edit`` and ``replacement`` decide, ``variants``, ``prices`` and ``texts`` are its parts.
"""
