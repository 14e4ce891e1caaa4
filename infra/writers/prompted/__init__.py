"""Writers that ask a language model. Import from the modules.

``client`` sends requests; ``brand``, ``copy``, ``keywords`` and ``niche`` are the writers. Their prompts are in ``prompts/``.
"""
