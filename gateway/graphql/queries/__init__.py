"""Root queries. Each first waits for its consistency token. Unknown ids and other merchants' ids are both NOT_FOUND."""
