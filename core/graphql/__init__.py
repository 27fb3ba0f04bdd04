"""GraphQL, generated from the registry: the schema, its execution with limits, the view and GraphiQL."""
