"""The jobs read model: generations, their agent jobs and logs, calls to the outside, drafts. Import ``queries``, ``calls``, ``drafts`` and ``views``."""
