"""From a cart to a paid order: prices, address, order and payment page. Pages import all of its modules."""
