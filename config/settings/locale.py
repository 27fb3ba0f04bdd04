"""Language and time."""

LANGUAGE_CODE = "en"
USE_I18N = True
# Stored and computed in UTC; who reads converts.
USE_TZ = True
TIME_ZONE = "UTC"
# Days as everybody reads them.
FORMAT_MODULE_PATH = ["config.formats"]
