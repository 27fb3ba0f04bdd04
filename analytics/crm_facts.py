"""The customer record's facts. No names, addresses or free text: the lake holds what can be counted."""

from __future__ import annotations

from analytics.facts import Column, Fact, column, ids, moment, money, texts

_OWNED = ids("owner_id", "team_id", "partner_id")
_TAGS = Column("tags", "VARCHAR", "array_to_json(t.tags)::text")
_CUSTOM = Column("custom", "VARCHAR", "t.custom::text")

CONTACTS = Fact(
    name="contacts",
    table="crm_contact",
    columns=(
        *ids("id", "company_id"),
        *_OWNED,
        *texts("lifecycle_stage", "source", "source_detail", "region", "country", "city"),
        *texts("acquisition_source", "acquisition_medium", "acquisition_campaign"),
        moment("acquisition_at"),
        _TAGS,
        _CUSTOM,
        moment("created_at"),
    ),
)
LIFECYCLE_CHANGES = Fact(
    name="lifecycle_changes",
    table="crm_lifecycle_change",
    moment="t.at",
    columns=(*ids("id", "contact_id"), *texts("from_stage", "to_stage"), moment("at")),
)
COMPANIES = Fact(
    name="companies",
    table="crm_company",
    columns=(
        *ids("id", "parent_id"),
        *_OWNED,
        *texts("industry", "region", "country"),
        _TAGS,
        _CUSTOM,
        moment("created_at"),
    ),
)
PRODUCT_LINES = Fact(name="product_lines", table="crm_product_line", columns=(*ids("id"), *texts("name")))
PRODUCTS = Fact(
    name="products",
    table="crm_product",
    columns=(
        *ids("id", "line_id"),
        *texts("sku", "name", "category", "brand", "currency"),
        money("unit_price", places=4),
        money("unit_cost", places=4),
        column("active", "BOOLEAN"),
    ),
)
PRICE_TIERS = Fact(
    name="price_tiers", table="crm_price_tier", columns=(*ids("id"), *texts("name"), column("rank", "INTEGER"))
)
PRICE_TIER_PRICES = Fact(
    name="price_tier_prices",
    table="crm_price_tier_price",
    columns=(*ids("id", "tier_id", "product_id"), *texts("currency"), money("unit_price", places=4)),
)
ORDERS = Fact(
    name="orders",
    table="crm_order",
    moment="t.placed_at",
    columns=(
        *ids("id", "contact_id", "company_id"),
        moment("placed_at"),
        moment("created_at"),
        *texts("status", "channel", "location", "currency", "coupon_code"),
        column("is_gift", "BOOLEAN"),
        *ids("gift_recipient_id"),
        *(money(name) for name in ("subtotal", "discount_total", "reimbursed_total", "total", "returned_total")),
    ),
)
# Lines of a deleted order are still facts here: a definition joins them to `orders`, where theirs is missing.
ORDER_LINES = Fact(
    name="order_lines",
    table="crm_order_line",
    moment="t.placed_at",
    columns=(
        *ids("id", "order_id", "product_id"),
        column("position", "INTEGER"),
        moment("placed_at"),
        column("quantity", "DECIMAL(18, 3)"),
        money("unit_price", places=4),
        money("unit_cost", places=4),
        column("is_gift", "BOOLEAN"),
        *(money(name) for name in ("subtotal", "discount_total", "reimbursed_total", "total")),
        column("returned_quantity", "DECIMAL(18, 3)"),
    ),
)
ORDER_DISCOUNTS = Fact(
    name="order_discounts",
    table="crm_order_discount",
    joins="JOIN crm_order AS o ON o.id = t.order_id",
    follows=("orders", "t.order_id"),
    moment="o.placed_at",
    columns=(
        *ids("id", "order_id", "line_id"),
        moment("placed_at", "o.placed_at"),
        *texts("kind", "code"),
        money("amount"),
        column("is_reimbursed", "BOOLEAN"),
    ),
)
ORDER_RETURNS = Fact(
    name="order_returns",
    table="crm_order_return",
    moment="t.at",
    columns=(
        *ids("id", "order_id", "line_id"),
        moment("at"),
        column("quantity", "DECIMAL(18, 3)"),
        money("amount"),
    ),
)
DEALS = Fact(
    name="deals",
    table="crm_deal",
    columns=(
        *ids("id", "company_id", "contact_id", "product_id", "pipeline_id", "stage_id"),
        *_OWNED,
        *texts("status", "currency", "source", "lost_reason"),
        money("amount"),
        moment("opened_at"),
        moment("closed_at"),
        column("expected_close_date", "DATE"),
        moment("created_at"),
    ),
)
STAGE_CHANGES = Fact(
    name="stage_changes",
    table="crm_stage_change",
    moment="t.at",
    columns=(*ids("id", "deal_id", "from_stage_id", "to_stage_id"), *texts("kind"), moment("at")),
)
PIPELINES = Fact(name="pipelines", table="crm_pipeline", columns=(*ids("id"), *texts("name")))
STAGES = Fact(
    name="stages",
    table="crm_stage",
    columns=(
        *ids("id", "pipeline_id"),
        *texts("name", "kind"),
        column("rank", "INTEGER"),
        column("probability", "INTEGER"),
    ),
)
INTERACTIONS = Fact(
    name="interactions",
    table="crm_interaction",
    moment="t.occurred_at",
    columns=(
        *ids("id", "contact_id", "company_id", "deal_id", "case_id", "agent_id"),
        *texts("channel", "kind", "direction", "outcome"),
        moment("occurred_at"),
        money("minutes"),
    ),
)
CONSENTS = Fact(
    name="consents",
    table="crm_consent",
    moment="t.occurred_at",
    columns=(
        *ids("id", "contact_id"),
        *texts("channel", "purpose", "status", "legal_basis"),
        moment("occurred_at"),
        moment("expires_at"),
    ),
)
CASES = Fact(
    name="cases",
    table="crm_case",
    moment="t.opened_at",
    columns=(
        *ids("id", "contact_id", "company_id", "order_id", "product_id", "queue_id", "service_level_id"),
        *_OWNED,
        *texts("status", "priority", "channel"),
        *(
            moment(name)
            for name in (
                "opened_at", "first_response_due_at", "resolution_due_at", "first_responded_at", "resolved_at",
                "closed_at", "rated_at",
            )
        ),
        column("first_response_breached", "BOOLEAN"),
        column("resolution_breached", "BOOLEAN"),
        *(column(name, "INTEGER") for name in ("escalation_level", "reopened_count", "satisfaction_score")),
        money("minutes"),
        _TAGS,
    ),
)  # fmt: skip
TASKS = Fact(
    name="tasks",
    table="crm_task",
    moment="t.created_at",
    columns=(
        *ids("id", "contact_id", "company_id", "deal_id", "case_id", "order_id", "owner_id", "team_id"),
        *texts("kind", "status", "priority"),
        moment("created_at"),
        moment("due_at"),
        moment("completed_at"),
    ),
)

EVENTS = Fact(
    name="events",
    table="crm_event",
    moment="t.occurred_at",
    is_partitioned=True,
    columns=(
        *ids("id", "contact_id", "company_id"),
        *texts("name", "source", "currency"),
        moment("occurred_at"),
        column("is_offline", "BOOLEAN"),
        money("value"),
    ),
)
TOUCHES = Fact(
    name="touches",
    table="crm_touch",
    moment="t.occurred_at",
    columns=(
        *ids("id", "contact_id"),
        moment("occurred_at"),
        *texts("source", "medium", "campaign_code", "content", "term", "channel", "currency"),
        money("cost"),
    ),
)
REFERRALS = Fact(
    name="referrals",
    table="crm_referral",
    moment="t.occurred_at",
    columns=(
        *ids("id", "referrer_id", "referred_id"),
        moment("occurred_at"),
        *texts("status", "channel", "currency"),
        money("reward"),
        column("is_counted", "BOOLEAN"),
    ),
)
LIFE_EVENTS = Fact(
    name="life_events",
    table="crm_life_event",
    moment="t.occurred_at",
    columns=(
        *ids("id", "contact_id"),
        *texts("kind", "source"),
        column("occurred_on", "DATE"),
        money("confidence"),
    ),
)

CRM_FACTS = (
    CONTACTS,
    LIFECYCLE_CHANGES,
    COMPANIES,
    PRODUCT_LINES,
    PRODUCTS,
    PRICE_TIERS,
    PRICE_TIER_PRICES,
    ORDERS,
    ORDER_LINES,
    ORDER_DISCOUNTS,
    ORDER_RETURNS,
    DEALS,
    STAGE_CHANGES,
    PIPELINES,
    STAGES,
    INTERACTIONS,
    CONSENTS,
    CASES,
    EVENTS,
    TASKS,
    TOUCHES,
    REFERRALS,
    LIFE_EVENTS,
)
