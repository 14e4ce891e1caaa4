"""What all copy writers share. Import from the modules.

``supplier_text`` extracts facts, ``titles`` and ``grammar`` make English of them, ``lexicon`` has the phrases of
``phrases/*.toml``, ``scoring`` measures texts, ``description`` and ``pages`` fix the shape of what is written.
"""
