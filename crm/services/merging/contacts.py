"""Merging contacts: which of their columns are more than "the winner's unless it is empty"."""

from __future__ import annotations

from crm.models import Contact, LifecycleStage
from crm.services.merging import made
from crm.services.merging.rules import MergeRules, either, further

# `other` stands outside the usual order: it tells less than any stage.
STAGES = (LifecycleStage.OTHER, *(stage for stage in LifecycleStage if stage != LifecycleStage.OTHER))

CONTACTS = MergeRules(
    model=Contact,
    folds={"lifecycle_stage": further(tuple(str(stage) for stage in STAGES)), "legal_hold": either},
    # The acquisition follows from the touches, which move.
    untouched=frozenset(
        {
            "erased_at",
            "acquisition_touch_id",
            "acquisition_at",
            "acquisition_source",
            "acquisition_medium",
            "acquisition_campaign",
        }
    ),
    # Whose a contact is decides who sees it: a merge hands nobody what was not theirs to see.
    on_request=frozenset({"partner_id"}),
    make_further=made.make,
)
