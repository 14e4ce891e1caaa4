"""Suppliers' catalogues behind :class:`domain.product.ports.SupplierCatalog`, one module each.

Each translates its vendor's answers and errors; nothing of a vendor crosses the port.
"""
