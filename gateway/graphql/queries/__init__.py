"""Root queries. Each waits for its consistency token first; an unknown id and somebody else's are the same NOT_FOUND."""
