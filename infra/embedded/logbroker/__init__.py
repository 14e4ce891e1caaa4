"""A small Kafka-protocol broker in one Python process: what ``zyenta up`` runs when no Kafka is configured.

It speaks some versions of each request that producers, consumers, groups, transactions and Kafka's tools need, keeps
its logs as plain files and survives SIGKILL; it is not for several nodes, retention or a power cut. It has two
listeners: the platform logs in on one and may write, everybody else reads on the other. Why it exists:
``infra/decisions/0001-embedded-broker.md``; who may write: ``infra/decisions/0018-who-may-write.md``. Behaviour follows the protocol guide
(https://kafka.apache.org/protocol) and is held to a real Kafka by the tests in
``tests/integration/embedded``.

Runs as ``python -m infra.embedded.logbroker``; of it only the name that may write is imported elsewhere. Standard library only
(uvloop if there is one), so that it starts fast and stays small.

    wire          bytes of requests and responses
    batches       record batches, the one thing producers, files and consumers share
    partition     one partition's log
    journal       everything else that must survive: topics, transactions, offsets
    topics, groups (members, group_owners), transactions   the states a broker has
    access        listeners, the log-in and what each side may cost
    *_requests    each request, decoded and encoded, over those states
    connections   one client: bounds of time and size, and dispatch
    server        listeners and recovery
"""

USERNAME = "zyenta"
"""The one principal that may write."""
