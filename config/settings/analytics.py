"""The lake and the engine."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.demo import BIFOCAL_HOME
from config.settings.env import env

LAKE_ROOT = env.path("LAKE_ROOT", default=str(BIFOCAL_HOME / "lake"))()
# Amounts in other currencies are never added to these; see analytics/definitions.
BASE_CURRENCY = env.str("BASE_CURRENCY", default="USD")
# What one computation may take; beyond it sorts and joins go to disk, below LAKE_ROOT.
ANALYTICS_MEMORY_LIMIT = env.str("ANALYTICS_MEMORY_LIMIT", default="2GB")
ANALYTICS_THREADS = env.int("ANALYTICS_THREADS", default=2)
# How many computations keep the profiles that they found, to be compared with; the live one keeps all it made.
ANALYTICS_KEPT_RUNS = env.int("ANALYTICS_KEPT_RUNS", default=7)
# duckdb: in the worker. spark: on the master at SPARK_MASTER, for what one machine cannot hold.
ANALYTICS_ENGINE = env.str("ANALYTICS_ENGINE", default="duckdb")
if ANALYTICS_ENGINE not in {"duckdb", "spark"}:
    raise ImproperlyConfigured("ANALYTICS_ENGINE is duckdb or spark")
SPARK_MASTER = env.str("SPARK_MASTER", default="local[2]")
# Further settings of Spark: SPARK_CONFIG=spark.executor.memory=4g,spark.sql.shuffle.partitions=64
SPARK_CONFIG = env.dict("SPARK_CONFIG", default={})
# How long before an order a touch counts as having led to it.
ANALYTICS_ATTRIBUTION_DAYS = env.int("ANALYTICS_ATTRIBUTION_DAYS", default=90)
# How far expected purchases and lifetime values look ahead, and what money a year later is worth less.
ANALYTICS_EXPECTED_DAYS = env.int("ANALYTICS_EXPECTED_DAYS", default=365)
ANALYTICS_LIFETIME_DAYS = env.int("ANALYTICS_LIFETIME_DAYS", default=3 * 365)
ANALYTICS_DISCOUNT_RATE = env.float("ANALYTICS_DISCOUNT_RATE", default=0.1)
