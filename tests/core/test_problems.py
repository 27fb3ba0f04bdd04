"""What the database refuses in passing is said so, never as our own fault."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from core.problems import Problem, problem_of


def problem_of_sql(*statements: str) -> Problem:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        return problem_of(error)
    pytest.fail("the database did not refuse")


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_is_given_up_with_a_reason() -> None:
    problem = problem_of_sql("SET LOCAL statement_timeout = 1", "SELECT pg_sleep(5)")
    assert (problem.code, problem.status) == ("timed_out", 503)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_a_clash_of_transactions_may_be_tried_again(state: str) -> None:
    problem = problem_of_sql(f"DO $$ BEGIN RAISE EXCEPTION 'clash' USING ERRCODE = '{state}'; END $$")
    assert (problem.code, problem.status, problem.headers["Retry-After"]) == ("unavailable", 503, "1")
