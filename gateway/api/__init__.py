"""Code that GraphQL and REST share: requests, command builders, validation, client errors, the generation feed.

Other packages import nothing from here.
"""
