"""The GraphQL schema of the product: everything that the apps have registered."""

from django.conf import settings

from core.graphql.engines import Engines
from core.graphql.limits import Limits
from core.graphql.schema import build

schema = build()
engines = Engines(schema, Limits(**settings.BIFOCAL_GRAPHQL_LIMITS))
