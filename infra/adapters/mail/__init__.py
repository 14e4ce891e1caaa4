"""Mail servers: ``smtp`` for any SMTP server, ``mailbox`` for a folder on disk. Only ``infra.bootstrap`` imports them."""
