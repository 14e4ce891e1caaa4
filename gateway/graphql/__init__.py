"""The GraphQL schema for dashboard frontends: queries, mutations and one subscription, all scoped to the owner."""
