"""The jobs read model: generations, their agent jobs and logs. Import ``queries`` and ``views``."""
