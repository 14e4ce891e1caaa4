"""What happens because something happened: agents ask outside and command, policies command.

``dependencies`` has the ports they are given, ``stepwork`` their patience with the outside; ``app.ConsumerApp`` puts a
list of them on the log, with ``executor`` for order and ``middleware`` for retries and dead letters. Import what you need
from those modules directly; ``infra.bootstrap`` builds the consumers.
"""
