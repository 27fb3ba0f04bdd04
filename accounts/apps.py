"""Users, teams, roles, partners, keys: who can sign in and what they may do."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers what the transports offer of this app, and listens to signing in."""

    name = "accounts"

    def ready(self) -> None:
        """Models must be loaded before any of these."""
        from accounts import sign_in

        sign_in.connect()
