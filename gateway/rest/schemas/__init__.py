"""Bodies over REST: of requests in ``inputs``, of responses by what they are about. ``body`` has their base class."""
