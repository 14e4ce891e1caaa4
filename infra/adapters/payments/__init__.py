"""Payment providers behind :class:`domain.order.ports.PaymentGateway`, one module each."""
