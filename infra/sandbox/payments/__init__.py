"""The sandbox payment page. ``app.sandbox_payment_app`` is what the bootstrap mounts; nothing else imports from here."""
