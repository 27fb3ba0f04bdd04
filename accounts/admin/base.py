"""What the admin of accounts adds to that of any record: fields that stand in other tables."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest

from core.admin.base import RecordAdmin


class AccountAdmin(RecordAdmin):
    """Asks for `asked` when a record is made; shows `told`, which nobody writes, when it is there."""

    asked: ClassVar[tuple[str, ...]] = ()
    told: ClassVar[tuple[str, ...]] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """In this order."""
        return [*self.asked] if obj is None else [*self.asked, *self.told]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What cannot be written, or only once."""
        once = {self._column(item.attribute) for item in self.entity.fields if obj is not None and item.create_only}
        return [*self.told, *(name for name in self.asked if name in once)]
