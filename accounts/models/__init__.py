"""Tables of this app."""

from accounts.models.api_key import ApiKey
from accounts.models.partner import PartnerOrganisation, PartnerPerson
from accounts.models.role import Grant, Role, UserRole
from accounts.models.sign_in import SignInEvent
from accounts.models.team import Team
from accounts.models.user import User

__all__ = [
    "ApiKey",
    "Grant",
    "PartnerOrganisation",
    "PartnerPerson",
    "Role",
    "SignInEvent",
    "Team",
    "User",
    "UserRole",
]
