"""Suppliers' catalogs behind :class:`domain.sourcing.ports.SupplierCatalog`, one module each.

Each module translates its vendor's answers and errors into the port's.
"""
