"""Bodies of requests (``inputs``) and of responses (``outputs``) over REST, on the base class in ``body``."""
