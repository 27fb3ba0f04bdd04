"""Refusals of this app."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotAuthenticated


class InvalidCredentials(NotAuthenticated):
    """A key or token was sent and does not hold; which of the reasons applies is not told."""

    code = "invalid_credentials"
    title = "The API key or token is not valid, has expired or was revoked."


class CsrfFailed(Forbidden):
    """A browser's session may write only with its CSRF token."""

    code = "csrf_failed"
    title = "The CSRF token is missing or wrong. Send it as X-CSRFToken."


class Escalation(Forbidden):
    """Nobody hands out more than they hold."""

    code = "privilege_escalation"
    title = "This would grant more than you hold yourself."


class TeamCycle(Conflict):
    code = "team_cycle"
    title = "A team cannot be part of itself or of a team below it."


class InUse(Conflict):
    code = "in_use"
    title = "The record is still in use."


class BuiltInRole(Conflict):
    code = "built_in_role"
    title = "Built-in roles can be edited, but not deleted."
