"""What GraphQL and REST share: commands of a request, validation, errors for clients, the generation feed."""
