"""The edge for frontends: GraphQL, REST, webhooks and media over the same commands and read models.

``gateway.app.create_app`` builds the application from a ``gateway.ports.GatewayDependencies``; everything that
talks to the outside is in there, as ports. Import those two, and ``gateway.graphql.schema.sdl``; nothing else is meant
for other packages.
"""
