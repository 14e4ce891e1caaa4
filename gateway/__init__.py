"""The edge for frontends: GraphQL, REST, webhooks and media over the same commands and read models.

Other packages import ``gateway.app.create_app``, ``gateway.ports.GatewayDependencies`` with its values
(``auth.tokens.SigningKeys``, ``auth.passwords.Passwords``), and ``gateway.graphql.schema.sdl``. The dependencies are
ports for everything outside the gateway.
"""
