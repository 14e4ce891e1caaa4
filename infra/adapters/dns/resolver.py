"""TXT records of the domain name system, read with dnspython."""

from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from domain.kernel import Transient
from domain.store.ports import NameServersFailed

ANSWER_WITHIN = 5.0
"""Seconds for one look-up, its retries at all name servers included."""
RECORDS_MOST = 50
"""Records of one name that are read; the owner of a domain decides how many it has."""


class DnsTxtRecords:
    """Implements :class:`domain.store.ports.TxtRecords`.

    Args:
        servers: addresses of resolvers; those of the operating system if empty.
        port: the port of ``servers``.
        answer_within: seconds for one look-up.
        system: the file that names the operating system's resolvers.
    """

    def __init__(
        self,
        servers: Sequence[str] = (),
        *,
        port: int = 53,
        answer_within: float = ANSWER_WITHIN,
        system: str = "/etc/resolv.conf",
    ) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(system, configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            # A machine without DNS still serves stores; only domains cannot be checked.
            self._resolver = dns.asyncresolver.Resolver(configure=False)
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.port = port
        self._resolver.lifetime = answer_within
        self._resolver.timeout = answer_within / 2
        # A proof that was published a moment ago must be seen, so an earlier answer is not kept.
        self._resolver.cache = None

    async def of(self, name: str) -> Sequence[str]:
        if not self._resolver.nameservers:
            raise Transient("the DNS resolver", "this machine has none; set ZYENTA_DNS_SERVERS")
        try:
            answer = await self._resolver.resolve(
                dns.name.from_text(name), dns.rdatatype.TXT, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.resolver.NoNameservers, dns.resolver.YXDOMAIN) as error:
            raise NameServersFailed(name) from error
        except (dns.exception.Timeout, OSError) as error:
            raise Transient("the DNS resolver", "it gave no answer in time") from error
        except dns.exception.DNSException as error:
            raise NameServersFailed(name) from error
        if answer.rrset is None:
            return ()
        texts = [b"".join(record.strings).decode("utf-8", "replace") for record in answer.rrset]
        return tuple(texts[:RECORDS_MOST])
