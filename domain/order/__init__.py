"""A shopper's order, from checkout to fulfillment and to whatever follows.

    aggregate, events, errors    placing and payment; ``quote`` prices the cart, ``delivery`` dates it
    after_sale                   events and state once money has moved
    cancellation, fulfillment, refunds, returns, withdrawal, disputes, sourcing, supplier_orders    decisions on that state
    evidence                     evidence for a dispute
    status, standing             how an order stands: for rules, and for people
    ports, refund_ports, report_ports, purchase_ports    payment providers and suppliers

Every module may be imported directly.
"""
