"""The GraphQL schema of the product: everything that the apps have registered."""

from django.conf import settings

from core.graphql.engine import Engine
from core.graphql.limits import Limits
from core.graphql.schema import build

schema = build()
engine = Engine(schema, Limits(**settings.BIFOCAL_GRAPHQL_LIMITS))
