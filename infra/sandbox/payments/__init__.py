"""The sandbox payment page. Import ``app.sandbox_payment_app``."""
