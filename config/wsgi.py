"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Settings bound the statements of this process alone.
os.environ.setdefault("BIFOCAL_PROCESS", "web")

application = get_wsgi_application()
