"""Outgoing mail: password resets."""

from typing import Any

from config.settings.env import IS_PRODUCTION, env

# smtp+tls://user:password@host:587; where nothing is said, development prints mails on the terminal.
_MAIL: dict[str, Any] = env.email_url("EMAIL_URL", default="smtp://localhost:25" if IS_PRODUCTION else "consolemail://")

EMAIL_BACKEND: str = _MAIL["EMAIL_BACKEND"]
EMAIL_HOST: str = _MAIL["EMAIL_HOST"] or ""
EMAIL_PORT: int = _MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER: str = _MAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD: str = _MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS: bool = _MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL: bool = _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="Bifocal <bifocal@localhost>")
