"""Stand-ins for outside systems, each named a sandbox or sample wherever a person sees it.

They run as servers of their own and are reached over real protocols; nothing but ``infra.bootstrap`` and tests imports
them, and no code path of the product knows whether it talks to one of these or to the real thing.
"""
