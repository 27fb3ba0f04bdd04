"""The admin of any entity, made from its declaration: permissions by grants, writes by services, bounded pages."""

from core.admin import exports
from core.admin.actors import actor_of
from core.admin.base import RecordAdmin
from core.admin.forms import RecordForm
from core.admin.inlines import PartsInline

__all__ = ["PartsInline", "RecordAdmin", "RecordForm", "actor_of", "exports"]
