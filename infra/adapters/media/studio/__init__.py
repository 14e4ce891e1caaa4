"""The studio: opens a photo, cuts out the product, puts it before a plain background and encodes the result.

Import :class:`infra.adapters.media.studio.worker_pool.RembgStudio`; the other modules run in its worker processes.
"""
