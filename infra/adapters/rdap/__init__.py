"""Domain availability by RDAP; import :class:`infra.adapters.rdap.registry.RdapRegistry`."""
