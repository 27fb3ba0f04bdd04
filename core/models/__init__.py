from core.models.change import Change
from core.models.export import Export
from core.models.idempotency import IdempotentRequest
from core.models.imports import Import, ImportMapping, ImportProblem
from core.models.job import Job
from core.models.mark import DirtyMonth
from core.models.outbox import OutboxEvent

__all__ = [
    "Change",
    "DirtyMonth",
    "Export",
    "IdempotentRequest",
    "Import",
    "ImportMapping",
    "ImportProblem",
    "Job",
    "OutboxEvent",
]
