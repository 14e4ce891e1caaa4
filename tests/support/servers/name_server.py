"""An authoritative name server on a loopback port, over UDP and TCP."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.dns import CNAME, TXT
from dnslib.server import DNSHandler, DNSLogger, DNSServer


@dataclass(slots=True)
class NameServer:
    """Answers with the records that a test gives it."""

    port: int
    texts: dict[str, list[list[bytes]]] = field(default_factory=dict)
    """The TXT records of each name, each with its strings."""
    aliases: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names that the server fails at."""
    silent: set[str] = field(default_factory=set)
    """Names that the server never answers for."""
    asked: list[str] = field(default_factory=list)

    def publish(self, texts: Mapping[str, str]) -> None:
        """Publish one TXT record for each name, in place of its former ones."""
        self.texts.update({name: [[text.encode()]] for name, text in texts.items()})

    def resolve(self, request: DNSRecord, _handler: DNSHandler) -> DNSRecord:
        name = str(request.q.qname).rstrip(".").lower()
        self.asked.append(name)
        reply = request.reply()
        if name in self.silent:
            # The library sends what it gets. Clients drop a reply with another id.
            reply.header.id = (request.header.id + 1) % 65536
            return reply
        if name in self.broken:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        known = False
        while name in self.aliases:
            target = self.aliases[name]
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(target), ttl=60))
            name, known = target, True
        if request.q.qtype == QTYPE.TXT:
            for strings in self.texts.get(name, []):
                reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT(strings), ttl=60))
        if not (known or name in self.texts):
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Run a name server on a free port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    zone = NameServer(port)
    servers = [
        DNSServer(zone, address="127.0.0.1", port=port, tcp=tcp, logger=DNSLogger("-request,-reply,-truncated,-error"))
        for tcp in (False, True)
    ]
    for server in servers:
        server.start_thread()
    try:
        yield zone
    finally:
        for server in servers:
            server.stop()
            server.server.server_close()
