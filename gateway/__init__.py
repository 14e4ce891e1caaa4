"""The edge for frontends: GraphQL, REST, webhooks, media and the dashboard over the same commands and read models.

``infra.bootstrap`` imports ``app.create_app``, ``ports.GatewayDependencies`` with its values (``auth``: tokens, passwords, sessions),
and ``trusted_documents``. The command line imports ``graphql.schema.sdl`` and ``docs.typescript``, ``infra.setup`` the static files.
The dependencies are ports for everything outside the gateway.
"""
