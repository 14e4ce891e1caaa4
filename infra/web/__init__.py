"""What every HTTP server of the platform does the same, below the applications: it knows none of them.

``server`` runs an application, ``protocols`` bounds what one connection may cost, ``edge`` checks and answers what no
application should see; ``client_address`` and ``conditional`` are functions that applications call.
"""
