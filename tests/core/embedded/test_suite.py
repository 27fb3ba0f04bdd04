"""The suite's own database and cache."""

import pytest
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_the_suite_has_a_database_of_its_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_setting('timezone'), current_setting('is_superuser')")
        name, zone, superuser = cursor.fetchone()
    assert name.startswith("test_")
    assert (zone, superuser) == ("UTC", "off")


def test_the_suite_has_a_cache_of_its_own(clean_cache: None) -> None:
    cache.set("a", 1)
    assert cache.get("a") == 1
