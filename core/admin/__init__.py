"""The admin of any entity, made from its declaration: permissions by grants, writes by services, bounded pages."""

from core.admin.actors import actor_of
from core.admin.base import RecordAdmin
from core.admin.exports import ExportAdmin
from core.admin.forms import RecordForm
from core.admin.imports.admin import ImportAdmin, ImportMappingAdmin
from core.admin.inlines import PartsInline
from core.admin.jobs import JobAdmin

__all__ = [
    "ExportAdmin",
    "ImportAdmin",
    "ImportMappingAdmin",
    "JobAdmin",
    "PartsInline",
    "RecordAdmin",
    "RecordForm",
    "actor_of",
]
