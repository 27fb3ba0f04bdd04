"""The company entity."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import many, one
from core.registry.types import Integer
from crm.entities import common
from crm.models import Company
from crm.selectors.timeline import timeline_feed
from crm.services.companies import companies
from crm.types import Domain

COMPANY = Entity(
    name="company",
    plural="companies",
    model=Company,
    doc="An organisation that buys, or might.",
    fields=(
        *common.record_fields(Company),
        field(Company, "name", sortable=True),
        field(Company, "domain", type=Domain()),
        common.reference(Company, "parent_id", "company"),
        field(Company, "industry", groupable=True),
        field(Company, "region", groupable=True),
        common.country(Company),
        common.phone(Company),
        field(Company, "website"),
        field(Company, "founded_year", type=Integer(minimum=0, maximum=9999), groupable=True),
        field(Company, "employees", sortable=True),
        common.money(Company, "annual_revenue", sortable=True),
        common.currency(Company),
        *common.owned_fields(Company),
        *common.described_fields(Company),
    ),
    relations=(
        *common.OWNED_RELATIONS,
        one("parent", "company", doc="The company it belongs to."),
        many("children", "company", "parent_id", "Companies that belong to it."),
        many("contacts", "contact", "company_id", "People who work there."),
        many("deals", "deal", "company_id", "Deals with it."),
        many("orders", "order", "company_id", "What it ordered."),
        many("interactions", "interaction", "company_id", "What passed between us."),
        many("cases", "case", "company_id", "What it asked for help with."),
        many("events", "event", "company_id", "What was done for it, as programs saw it."),
        many("tasks", "task", "company_id", "What is to be done about it."),
        many("notes", "note", "company_id", "Our remarks on it."),
        many("files", "file", "company_id", "Files on it."),
    ),
    writes=companies,
    keys=("external_id", "domain"),
    search_fields=("name", "domain"),
    identity="name",
    **common.CUSTOM,
    feeds=[timeline_feed("company", Company)],
)
