"""Suppliers' catalogues behind :class:`domain.sourcing.ports.SupplierCatalog`, one module each.

Each translates its vendor's answers and errors; nothing of a vendor crosses the port.
"""
