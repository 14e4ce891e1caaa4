"""The demo shop: a finished store with past orders, written into an empty log in seconds.

``shop.zip`` has the recorded answers and photos of a generation. The commands, agents and policies of any store run on
them, with a clock in the past; only the outside is recorded. ``infra.cli.demo_shop`` makes the file.
"""
