"""What outlives a person's data."""

from config.settings.env import required_in_production
from config.settings.local import development_secret

# Of the suppression list and the ledger of erasures: it must stay the same when SECRET_KEY is rotated.
PRIVACY_HASH_KEY = required_in_production("PRIVACY_HASH_KEY", "") or development_secret("privacy")
