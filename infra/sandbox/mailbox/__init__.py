"""The page that shows the mailbox of a platform without a mail server."""
