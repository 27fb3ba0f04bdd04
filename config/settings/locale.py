"""Language and time."""

LANGUAGE_CODE = "en"
USE_I18N = True
# Stored and computed in UTC; who reads converts.
USE_TZ = True
TIME_ZONE = "UTC"
