"""What the registry knows of accounts; both APIs and all grants are made from these."""

from accounts.entities.api_key import API_KEY
from accounts.entities.me import ME
from accounts.entities.partner import PARTNER_ORGANISATION, PARTNER_PERSON
from accounts.entities.role import ROLE
from accounts.entities.sign_in import SIGN_IN_EVENT
from accounts.entities.user import TEAM, USER

ENTITIES = (USER, TEAM, ROLE, API_KEY, PARTNER_ORGANISATION, PARTNER_PERSON, SIGN_IN_EVENT)
OPERATIONS = (ME,)
