"""Other people's GraphQL servers, as a measure for ours."""
