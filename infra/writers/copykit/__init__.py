"""What all copy writers share. Import from the modules.

``supplier_text`` extracts statements and ``facts`` makes sentences of them; ``titles`` (with ``title_words`` and
``title_extras``) and ``grammar`` make English of names; ``lexicon`` has the phrases of ``phrases/*.toml``; ``spelling``
makes it American. ``claims`` (with ``quantities``) holds a text against facts and ``lint`` reads a whole store.
``scoring`` measures texts, ``description`` and ``pages`` fix the shape of what is written.
"""
