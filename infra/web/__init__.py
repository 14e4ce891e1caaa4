"""The common part of every HTTP server and client; it does not know the applications. Import the modules directly.

server            runs an application
protocols         limits what one connection may cost
edge              rejects requests that no application should see
client_address    the address that limits are counted under
rate_limits       counts callers' requests
conditional       conditional requests and entity tags
encoding          which compressed forms a client accepts, and how a body gets one
http_clients      clients for outside and in-house calls
"""
