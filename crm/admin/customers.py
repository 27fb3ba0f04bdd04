"""Companies, contacts and what passed between us."""

from __future__ import annotations

from django.contrib import admin

from core.actors import Actor
from core.admin import RecordAdmin, unseen
from core.admin.filters import RelatedFilter
from core.admin.inputs import Choices
from core.registry.operations import Operation
from core.templatetags.core_admin import moment
from crm.models import Company, Contact, DuplicateCandidate, DuplicateDecision, Identifier, Interaction, Merge, Tie

# As many merges are offered to be undone.
MERGES = 50
# What is looked at most of a customer.
LEADING = ("contacts", "orders", "deals", "cases", "interactions", "tasks", "notes", "files", "duplicates")


@admin.register(Company)
class CompanyAdmin(RecordAdmin):
    """With timeline and history."""

    list_display = ("name", "domain", "industry", "region", "country", "owner", "team", "partner")
    list_select_related = ("owner", "team", "partner")
    filters = (("parent", RelatedFilter),)
    leading_panels = LEADING
    headline = ("domain", "industry", "region", "phone", "website", "owner", "team", "partner", "parent")
    panels_beside = True


@admin.register(Contact)
class ContactAdmin(RecordAdmin):
    """With timeline and history."""

    list_display = ("name", "email", "phone", "company", "lifecycle_stage", "source", "owner", "created_at")
    list_select_related = ("company", "owner")
    filters = ("lifecycle_stage", ("company", RelatedFilter))
    badges = ("lifecycle_stage",)
    leading_panels = LEADING
    headline = ("email", "phone", "job_title", "company", "owner", "team", "source", "city", "created_at")
    panels_beside = True

    def offers(self, operation: Operation, record: Contact) -> bool:
        """What was merged can be undone, what is held can be released."""
        match operation.name:
            case "unmerge_contact":
                return Merge.objects.alive().filter(winner=record.pk, undone_at__isnull=True).exists()
            case "hold_contact" | "release_contact":
                return record.legal_hold is (operation.name == "release_contact")
        return True

    def asks_for(self, operation: Operation, name: str) -> bool:
        """One is merged at a time, and a merge is chosen from those that there were."""
        return (operation.name, name) not in {("merge_contact", "contact_ids"), ("unmerge_contact", "contact_id")}

    def choices_for(self, operation: Operation, name: str, record: Contact, actor: Actor) -> Choices | None:
        """The merges that can be undone, the last one first."""
        if name != "merge_id":
            return None
        rows = Merge.objects.visible_to(actor).alive().filter(winner=record.pk, undone_at__isnull=True)
        found = list(rows.select_related("loser").order_by("-at", "-pk")[:MERGES])
        unseen.hide(found, actor, ["loser"])
        return [(str(merge.pk), f"{merge.loser} ({moment(merge.at)})") for merge in found]


@admin.register(Interaction)
class InteractionAdmin(RecordAdmin):
    """By customer and channel."""

    list_display = ("occurred_at", "channel", "kind", "direction", "subject", "contact", "company", "agent", "minutes")
    list_display_links = ("occurred_at", "subject")
    list_select_related = ("contact", "company", "agent")
    filters = ("channel", ("contact", RelatedFilter), ("company", RelatedFilter))


@admin.register(Identifier)
class IdentifierAdmin(RecordAdmin):
    """What contacts are known by, beside their own columns."""

    list_display = ("value", "kind", "system", "contact", "confidence", "is_primary", "last_seen_at")
    search_fields = ("=value",)
    list_select_related = ("contact",)
    filters = ("kind", ("contact", RelatedFilter))


@admin.register(Merge)
class MergeAdmin(RecordAdmin):
    """Which contacts were merged, by whom, and whether that was undone. Done over the APIs."""

    list_display = ("at", "winner", "loser", "by", "undone_at")
    list_select_related = ("winner", "loser")
    filters = (("winner", RelatedFilter),)


@admin.register(DuplicateDecision)
class DuplicateDecisionAdmin(RecordAdmin):
    """Pairs that are not proposed again."""

    list_display = ("contact", "other", "verdict", "until", "by")
    list_select_related = ("contact", "other")
    filters = ("verdict", ("contact", RelatedFilter))


@admin.register(DuplicateCandidate)
class DuplicateCandidateAdmin(RecordAdmin):
    """Pairs that the last scan took for one person, the surest first. Scanned for over the APIs."""

    list_display = ("contact", "other", "score", "found_at")
    list_select_related = ("contact", "other")
    ordering = ("-score", "-id")
    filters = (("contact", RelatedFilter),)


@admin.register(Tie)
class TieAdmin(RecordAdmin):
    """What was found to be whose, by which evidence. Tied and untied by the actions of the records."""

    list_display = ("at", "kind", "contact", "evidence", "confidence", "method", "by", "untied_at")
    list_select_related = ("contact",)
    sortable_by = ("at",)
    filters = ("kind", "evidence", "method", ("contact", RelatedFilter))
