"""A small Kafka-protocol broker in one Python process: what ``zyenta up`` runs when no Kafka is configured.

It speaks an early version of each request that producers, consumers, groups and transactions need, keeps its
logs as plain files and survives SIGKILL; it is not for several nodes, retention or a power cut. Why it
exists: ``infra/decisions/0001-embedded-broker.md``. Behaviour follows the protocol guide
(https://kafka.apache.org/protocol) and is held to a real Kafka by the tests in
``tests/integration/embedded``.

Runs as ``python -m infra.embedded.logbroker``; nothing of it is imported elsewhere. Standard library only
(uvloop if there is one), so that it starts fast and stays small.

    wire          bytes of requests and responses
    batches       record batches, the one thing producers, files and consumers share
    partition     one partition's log
    journal       everything else that must survive: topics, transactions, offsets
    topics, groups, transactions   the states a broker has
    *_requests    each request, decoded and encoded, over those states
    server        connections and dispatch
"""
