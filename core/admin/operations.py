"""The operations of a kind of record in the admin: a button for each on the record's page, a form for its inputs.

They come from the declarations, as in both APIs, so a new verb is here as soon as it is declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from core import clock
from core.actors import Actor
from core.admin.actors import actor_of
from core.admin.inputs import Choices, OperationForm, form_for
from core.admin.permissions import GrantedPermissions
from core.errors import DomainError, Invalid
from core.registry.entities import Entity
from core.registry.fields import clean_values
from core.registry.operations import Operation, OperationKind
from core.registry.types import Attachment, Download, TypeFault
from core.templatetags.core_admin import words

PAGE = "core/admin/operation.html"


def title_of(operation: Operation, entity: Entity) -> str:
    """`change_contact_stage` of a contact: "Change stage"."""
    if is_download(operation) and operation.path == "content":
        return "Download"
    return words("_".join(part for part in operation.name.split("_") if part != entity.name))


class OperationsAdmin(GrantedPermissions):
    """Mixed into the admin of a kind of record."""

    opts: Any

    def offers(self, operation: Operation, record: Any) -> bool:
        """Whether the operation means something for this record now; for a subclass that knows better."""
        return True

    def choices_for(self, operation: Operation, name: str, record: Any, actor: Actor) -> Choices | None:
        """The few values that an input can have for this record, where they are known."""
        return None

    def asks_for(self, operation: Operation, name: str) -> bool:
        """Whether the form has this input; for a subclass that offers a better one."""
        return True

    def operations_of(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        """The buttons."""
        if record.deleted_at is not None:
            return []
        actor = actor_of(request)
        return [
            {
                "is_download": item.kind is OperationKind.QUERY,
                "name": item.name,
                "title": title_of(item, self.entity),
                "doc": item.doc,
                "url": self._address(item, record),
            }
            for item in self._mutations()
            if actor.may(item.entity, item.action) and self.offers(item, record)
        ]

    def operation_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponseBase:
        """The form of an operation, and its carrying out."""
        actor = actor_of(request)
        operation = next((item for item in self._mutations() if item.name == name), None)
        record = self._seen(actor, object_id)
        if operation is None:
            raise Http404
        if not actor.may(operation.entity, operation.action):
            raise PermissionDenied
        # What only gives a file, and asks for nothing, gives it at once.
        at_once = is_download(operation) and not any(item.required for item in operation.input)
        sent = (request.POST, request.FILES) if request.method == "POST" or at_once else ()
        form = self._form(operation, record, actor, request.GET)(*sent)
        if sent and form.is_valid():
            answer = self._carry_out(request, operation, record, form, actor)
            if answer is not None:
                return answer
        return self._page(request, operation, record, form=form)

    def _mutations(self) -> list[Operation]:
        return [item for item in self.entity.operations if item.on_record and (_changes(item) or is_download(item))]

    def _seen(self, actor: Actor, object_id: str) -> Any:
        try:
            return self.model._default_manager.visible_to(actor).get(pk=unquote(object_id))
        except (self.model.DoesNotExist, ValueError):
            raise Http404 from None

    def _form(self, operation: Operation, record: Any, actor: Actor, given: Mapping[str, Any]) -> type[OperationForm]:
        asked = tuple(item for item in operation.input if self.asks_for(operation, item.name))
        names = [item.name for item in asked]
        choices = {
            name: found for name in names if (found := self.choices_for(operation, name, record, actor)) is not None
        }
        # A link to the form may fill in what is known where it stands.
        initial = {name: given.get(name) or getattr(record, name, None) for name in names}
        return form_for(asked, choices, initial, actor)

    def _carry_out(
        self, request: HttpRequest, operation: Operation, record: Any, form: OperationForm, actor: Actor
    ) -> HttpResponseBase | None:
        """The answer, or None where it was refused, which the form then shows."""
        try:
            values = clean_values(operation.input, form.values(operation.input))
            with transaction.atomic():
                found = operation.run(actor=actor, at=clock.now(), record_id=record.pk, **values)
        except TypeFault as wrong:
            form.show("", str(wrong))
        except Invalid as refusal:
            for fault in refusal.errors:
                form.show(fault.pointer, fault.message)
        except DomainError as refusal:
            form.show("", refusal.detail)
        else:
            return self._answer(request, operation, record, found)
        return None

    def _answer(self, request: HttpRequest, operation: Operation, record: Any, found: Any) -> HttpResponseBase:
        if isinstance(found, Attachment):
            return download(found)
        if operation.output is not None and isinstance(found, Mapping | list):
            return self._page(request, operation, record, answer=found)
        done = f"{title_of(operation, self.entity)}: done."
        messages.success(request, done)
        return HttpResponseRedirect(self._page_of(record))

    def _page(self, request: HttpRequest, operation: Operation, record: Any, **context: Any) -> HttpResponse:
        shown = {
            **admin.site.each_context(request),
            "title": title_of(operation, self.entity),
            "operation": operation,
            "record": record,
            "back": self._page_of(record),
            "opts": self.opts,
            **context,
        }
        request.current_app = admin.site.name
        return TemplateResponse(request, PAGE, shown)

    def _page_of(self, record: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])

    def _address(self, operation: Operation, record: Any) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_do"
        return reverse(name, args=[record.pk, operation.name])


def is_download(operation: Operation) -> bool:
    """Whether it only gives a file."""
    return operation.kind is OperationKind.QUERY and isinstance(operation.output, Download)


def _changes(operation: Operation) -> bool:
    return operation.kind is OperationKind.MUTATION


def download(found: Attachment) -> StreamingHttpResponse:
    """A file, as it is sent to a browser: to be kept, never to be shown as a page of ours."""
    answer = StreamingHttpResponse(found.chunks(), content_type=found.media_type)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    answer["X-Content-Type-Options"] = "nosniff"
    if found.size is not None:
        answer["Content-Length"] = str(found.size)
    return answer
