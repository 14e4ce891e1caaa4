"""The parts of a brand that all brand writers share. Import from the modules.

``palette`` and ``schemes`` keep colors readable, ``marks`` and ``logo`` draw, ``fonts`` lists the font pairs, ``sound``
rejects unsuitable names, ``domains`` looks for free domains, ``seeded_random`` makes choices repeatable.
"""
