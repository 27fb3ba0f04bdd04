"""REST: views, parameters and the OpenAPI description, all generated from the registry."""
