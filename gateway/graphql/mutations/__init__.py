"""Mutations. Each sends one command, and returns the changed object once it can be read.

``gateway.graphql.schema`` joins the classes of these modules into the type ``Mutation``.
"""
