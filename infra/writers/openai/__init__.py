"""Writers that ask a language model behind an OpenAI-compatible API. Import from the modules.

``client`` sends requests; ``brand``, ``copy`` and ``keywords`` are the writers. Their prompts are in ``prompts/``.
"""
