"""Operates the log's two halves, the event store and the topic.

    publisher             publishes the store's events to the topic
    verification          compares the two halves; parallel_verification does it in several processes
    restoration           rebuilds either half from the other
    parallel_bulk_load    loads a long log into a read model in several processes
    partition_pool        the worker processes of both
    readiness             checks the platform by canaries

Only ``infra.bootstrap``, ``infra.cli``, ``infra.bench`` and tests import these modules.
"""
