"""Who can sign in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, teams, roles, keys."""

    name = "accounts"
