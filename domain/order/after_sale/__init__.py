"""What can happen to an order once money has moved: refunds, cancellation, parcels. Import ``events`` and ``state``."""
