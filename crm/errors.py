"""Refusals that only the customer record knows."""

from __future__ import annotations

from core.errors import Conflict, Duplicate


class DealAlreadyClosed(Conflict):
    code = "deal_already_closed"
    title = "The deal is closed already; reopen it first."


class DealNotClosed(Conflict):
    code = "deal_not_closed"
    title = "The deal is not closed."


class StageClosesDeal(Conflict):
    code = "stage_closes_deal"
    title = "A deal reaches this stage by being won or lost, not by being moved."


class NoSuchStage(Conflict):
    code = "no_such_stage"
    title = "The pipeline has no stage of this kind."


class HierarchyCycle(Conflict):
    code = "hierarchy_cycle"
    title = "A company cannot belong to itself or to a company below it."


class ReturnExceedsPurchase(Conflict):
    code = "return_exceeds_purchase"
    title = "No more can come back than was bought and not returned yet."


class LineReturned(Conflict):
    code = "line_returned"
    title = "Goods of this line came back; it cannot be removed or made smaller than that."


class OnLegalHold(Conflict):
    code = "on_legal_hold"
    title = "The person's data must be kept: release the legal hold first."


class InUse(Conflict):
    code = "in_use"
    title = "Other records still use it."


class CaseOver(Conflict):
    code = "case_over"
    title = "The case is resolved or closed; reopen it first."


class CaseNotOver(Conflict):
    code = "case_not_over"
    title = "The case is neither resolved nor closed."


class CaseWaiting(Conflict):
    code = "case_waiting"
    title = "The case waits already."


class CaseNotWaiting(Conflict):
    code = "case_not_waiting"
    title = "The case does not wait."


class CaseNotResolved(Conflict):
    code = "case_not_resolved"
    title = "Only a resolved or closed case is rated."


class TaskNotOpen(Conflict):
    code = "task_not_open"
    title = "The task is done or cancelled; reopen it first."


class TaskOpen(Conflict):
    code = "task_open"
    title = "The task is open."


class IdentifierTaken(Duplicate):
    code = "identifier_taken"
    title = "Another contact is known by this identifier."


class PrimaryIdentifier(Conflict):
    code = "primary_identifier"
    title = "This is the contact's own e-mail address, phone or external id: change it on the contact."


class AlreadyMerged(Conflict):
    code = "already_merged"
    title = "The contact was merged into another."


class NotMerged(Conflict):
    code = "not_merged"
    title = "There is no merge of this kind to undo."


class WinnerMerged(Conflict):
    code = "winner_merged"
    title = "The contact that stayed was merged itself since: undo that merge first."


class MergeNotUndoable(Conflict):
    code = "merge_not_undoable"
    title = "What is needed to undo the merge was erased."


class ContactMerged(Conflict):
    code = "contact_merged"
    title = "The contact was merged into another: undo the merge to bring it back."


class ContentGone(Conflict):
    code = "content_gone"
    title = "The content of the file was removed."


class FirstTouch(Conflict):
    code = "first_touch"
    title = "A contact's first touch says where they came from; it is neither deleted nor moved away."


class ReferralCycle(Conflict):
    code = "referral_cycle"
    title = "The referred person, or somebody they brought, brought the referrer."


class TiedAlready(Conflict):
    code = "tied_already"
    title = "It is another contact's already; name the tie that this one takes the place of."


class AlreadyUntied(Conflict):
    code = "already_untied"
    title = "The tie was undone already."


class TieSuperseded(Conflict):
    code = "tie_superseded"
    title = "It was tied again since: undo the later tie first."


class TieNotCarried(Conflict):
    code = "tie_not_carried"
    title = "It is no longer what the tie made it, so there is nothing to go back to."


class NeedsCustomer(Conflict):
    code = "needs_customer"
    title = "Without its contact it would be nobody's: name a company on it first, or delete it."
