"""Touches, referrals, life events, rules of the lifecycle; what contacts know of their first touch."""

from decimal import Decimal
from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import core.ids

KINDS = (
    ("birthday", "Birthday"),
    ("birth", "Birth of a child"),
    ("engagement", "Engagement"),
    ("marriage", "Marriage"),
    ("divorce", "Divorce"),
    ("move", "Move to another home"),
    ("home_purchase", "Purchase of a home"),
    ("new_job", "New job"),
    ("promotion", "Promotion at work"),
    ("job_loss", "Loss of a job"),
    ("graduation", "Graduation"),
    ("retirement", "Retirement"),
    ("bereavement", "Death of somebody close"),
)
# One is active: who buys is a customer. The others show what can be done.
RULES = (
    {
        "name": "The first order makes a customer",
        "trigger": "order",
        "order_count": 1,
        "to_stage": "customer",
        "rank": 10,
        "is_active": True,
    },
    {
        "name": "Who signs up is a lead",
        "trigger": "event",
        "match": "Signed Up",
        "from_stages": ["subscriber"],
        "to_stage": "lead",
        "rank": 20,
    },
    {
        "name": "Who asks for a demonstration is qualified for sales",
        "trigger": "event",
        "match": "Demo Requested",
        "from_stages": ["subscriber", "lead", "marketing_qualified"],
        "to_stage": "sales_qualified",
        "rank": 30,
    },
    {
        "name": "Whose referral converts is an evangelist",
        "trigger": "referral",
        "from_stages": ["customer"],
        "to_stage": "evangelist",
        "rank": 40,
    },
    {
        "name": "A new job begins the way anew",
        "trigger": "life_event",
        "match": "new_job",
        "from_stages": ["sales_qualified", "opportunity"],
        "to_stage": "lead",
        "forward_only": False,
        "rank": 50,
    },
)


def seed(apps: Any, _editor: Any) -> None:
    """The usual kinds of life events, and rules to begin with; an organisation edits them as it likes."""
    kind, rule = apps.get_model("crm", "LifeEventKind"), apps.get_model("crm", "LifecycleRule")
    for key, name in KINDS:
        kind.objects.create(key=key, name=name)
    for values in RULES:
        rule.objects.create(**({"is_active": False} | values))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_names"),
        ("crm", "0016_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LifecycleRule",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "external_id",
                    models.CharField(blank=True, help_text="The id in another system.", max_length=200, null=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("event", "Event"),
                            ("life_event", "Life Event"),
                            ("order", "Order"),
                            ("referral", "Referral"),
                            ("touch", "Touch"),
                        ],
                        help_text="What happens: an event, a life event, an order, a touch, or a referral of theirs that converted.",
                        max_length=10,
                    ),
                ),
                (
                    "match",
                    models.CharField(
                        blank=True,
                        help_text="The event's name, the life event's kind, the touch's source; any if not given.",
                        max_length=100,
                        null=True,
                    ),
                ),
                (
                    "order_count",
                    models.PositiveIntegerField(
                        blank=True, help_text="Of orders: which one of the contact's it is, counted from 1.", null=True
                    ),
                ),
                (
                    "criteria",
                    models.JSONField(blank=True, help_text="Which contacts, in the language of criteria.", null=True),
                ),
                (
                    "from_stages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("subscriber", "Subscriber"),
                                ("lead", "Lead"),
                                ("marketing_qualified", "Marketing Qualified"),
                                ("sales_qualified", "Sales Qualified"),
                                ("opportunity", "Opportunity"),
                                ("customer", "Customer"),
                                ("evangelist", "Evangelist"),
                                ("other", "Other"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        help_text="The stages in which it applies; all if not given.",
                        size=None,
                    ),
                ),
                (
                    "to_stage",
                    models.CharField(
                        choices=[
                            ("subscriber", "Subscriber"),
                            ("lead", "Lead"),
                            ("marketing_qualified", "Marketing Qualified"),
                            ("sales_qualified", "Sales Qualified"),
                            ("opportunity", "Opportunity"),
                            ("customer", "Customer"),
                            ("evangelist", "Evangelist"),
                            ("other", "Other"),
                        ],
                        help_text="The stage that the contact comes to.",
                        max_length=20,
                    ),
                ),
                (
                    "forward_only",
                    models.BooleanField(
                        default=True,
                        help_text="Whether it leaves those alone who are as far already, or stand outside of the order.",
                    ),
                ),
                (
                    "rank",
                    models.PositiveIntegerField(
                        default=100, help_text="Of several that apply, the one of the lowest rank does."
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "db_table": "crm_lifecycle_rule",
            },
        ),
        migrations.CreateModel(
            name="LifeEvent",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "external_id",
                    models.CharField(blank=True, help_text="The id in another system.", max_length=200, null=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "kind",
                    models.CharField(help_text="The key of a kind of life event: move, birth, new_job.", max_length=63),
                ),
                ("occurred_on", models.DateField(help_text="The day on which it happened, or will.")),
                (
                    "occurred_at",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("occurred_on"),
                            output_field=models.DateTimeField(),
                            template="(%(expressions)s::timestamp AT TIME ZONE 'UTC')",
                        ),
                        output_field=models.DateTimeField(),
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="How we know: told, survey, inferred.", max_length=64, null=True
                    ),
                ),
                (
                    "confidence",
                    models.DecimalField(
                        decimal_places=2, default=Decimal(1), help_text="How sure that is, from 0 to 1.", max_digits=3
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=1000, null=True)),
            ],
            options={
                "db_table": "crm_life_event",
            },
        ),
        migrations.CreateModel(
            name="LifeEventKind",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "external_id",
                    models.CharField(blank=True, help_text="The id in another system.", max_length=200, null=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("key", models.CharField(help_text="By which life events name it.", max_length=63)),
                ("name", models.CharField(help_text="What people call it.", max_length=100)),
                ("description", models.CharField(blank=True, max_length=500, null=True)),
            ],
            options={
                "db_table": "crm_life_event_kind",
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "external_id",
                    models.CharField(blank=True, help_text="The id in another system.", max_length=200, null=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("occurred_at", models.DateTimeField(help_text="When it happened.")),
                (
                    "code",
                    models.CharField(
                        blank=True, help_text="The code or link that was passed on.", max_length=64, null=True
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("invited", "Invited"), ("joined", "Joined"), ("converted", "Converted")],
                        default="invited",
                        max_length=9,
                    ),
                ),
                (
                    "channel",
                    models.CharField(blank=True, help_text="How: link, card, word of mouth.", max_length=64, null=True),
                ),
                (
                    "reward",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="What the referrer got for it.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "currency",
                    models.CharField(blank=True, help_text="ISO 4217 code of the reward.", max_length=3, null=True),
                ),
                (
                    "is_counted",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Whether it is the first for the referred person: the one that counts.",
                    ),
                ),
            ],
            options={
                "db_table": "crm_referral",
            },
        ),
        migrations.CreateModel(
            name="Touch",
            fields=[
                ("id", models.UUIDField(default=core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                (
                    "external_id",
                    models.CharField(blank=True, help_text="The id in another system.", max_length=200, null=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "anonymous_id",
                    models.CharField(
                        blank=True,
                        help_text="The visitor, as the sender calls who is not known yet.",
                        max_length=128,
                        null=True,
                    ),
                ),
                ("occurred_at", models.DateTimeField(help_text="When it happened.")),
                (
                    "source",
                    models.CharField(help_text="Where they came from: google, newsletter, store.", max_length=64),
                ),
                (
                    "medium",
                    models.CharField(blank=True, help_text="By which way: cpc, email, mail.", max_length=64, null=True),
                ),
                (
                    "campaign_code",
                    models.CharField(blank=True, help_text="The code of the campaign.", max_length=100, null=True),
                ),
                (
                    "content",
                    models.CharField(blank=True, help_text="Which advertisement or link.", max_length=200, null=True),
                ),
                ("term", models.CharField(blank=True, help_text="What was searched for.", max_length=200, null=True)),
                (
                    "channel",
                    models.CharField(
                        blank=True, help_text="The marketing channel: search, social.", max_length=64, null=True
                    ),
                ),
                (
                    "cost",
                    models.DecimalField(
                        blank=True, decimal_places=2, help_text="What this one touch cost us.", max_digits=16, null=True
                    ),
                ),
                (
                    "currency",
                    models.CharField(blank=True, help_text="ISO 4217 code of the cost.", max_length=3, null=True),
                ),
                (
                    "url",
                    models.URLField(blank=True, help_text="The page that they came to.", max_length=2000, null=True),
                ),
                (
                    "referrer",
                    models.URLField(blank=True, help_text="The page that they came from.", max_length=2000, null=True),
                ),
            ],
            options={
                "db_table": "crm_touch",
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="acquisition_at",
            field=models.DateTimeField(editable=False, help_text="When that was.", null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="acquisition_campaign",
            field=models.CharField(editable=False, help_text="Its campaign.", max_length=100, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="acquisition_medium",
            field=models.CharField(editable=False, help_text="Its medium.", max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="acquisition_source",
            field=models.CharField(editable=False, help_text="Its source.", max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="contact",
            name="acquisition_touch_id",
            field=models.UUIDField(editable=False, help_text="The earliest touch.", null=True),
        ),
        migrations.AddField(
            model_name="lifecyclerule",
            name="author",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                help_text="Who wrote it last: its criteria see what they may see.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="lifeevent",
            name="contact",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="life_events",
                to="crm.contact",
            ),
        ),
        migrations.AddIndex(
            model_name="lifeeventkind",
            index=models.Index(fields=["key", "id"], name="crm_life_event_kind_by_key"),
        ),
        migrations.AddIndex(
            model_name="lifeeventkind",
            index=models.Index(fields=["name", "id"], name="crm_life_event_kind_by_name"),
        ),
        migrations.AddConstraint(
            model_name="lifeeventkind",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("external_id",),
                name="crm_life_event_kind_external_id_live_uniq",
            ),
        ),
        migrations.AddConstraint(
            model_name="lifeeventkind",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("key",),
                name="crm_life_event_kind_key_live_uniq",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeeventkind",
            trigger=pgtrigger.compiler.Trigger(
                name="history_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'life_event_kind', n.id, 'insert', NULL, jsonb_strip_nulls(to_jsonb(n) - '{updated_at,version}'::text[]), who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM new_rows n;\n    RETURN NULL;\n",
                    hash="58cb9a04a6155d85d1ff8ab8de5f605755da5cff",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_history_insert_f4359",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_life_event_kind",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeeventkind",
            trigger=pgtrigger.compiler.Trigger(
                name="history_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'life_event_kind', n.id, 'update', d.before, d.after, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o JOIN new_rows n ON n.id = o.id\n    CROSS JOIN LATERAL (\n        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after\n        FROM jsonb_each(to_jsonb(o) - '{updated_at,version}'::text[]) b\n        JOIN jsonb_each(to_jsonb(n) - '{updated_at,version}'::text[]) a ON a.key = b.key\n        WHERE a.value IS DISTINCT FROM b.value\n    ) d\n    WHERE d.after IS NOT NULL;\n    RETURN NULL;\n",
                    hash="927f73cb5e380b27ab78a1e4f450d4ab7b9ef199",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_history_update_95d67",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_life_event_kind",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeeventkind",
            trigger=pgtrigger.compiler.Trigger(
                name="history_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'life_event_kind', o.id, 'delete', jsonb_strip_nulls(to_jsonb(o) - '{updated_at,version}'::text[]), NULL, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o;\n    RETURN NULL;\n",
                    hash="aea9a8723b1fa10e02d860baefb76dec66a0b146",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_history_delete_3e6b3",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_life_event_kind",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="referred",
            field=models.ForeignKey(
                db_index=False,
                help_text="To whom.",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="referred_by",
                to="crm.contact",
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="referrer",
            field=models.ForeignKey(
                db_index=False,
                help_text="Who recommended us.",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="referrals",
                to="crm.contact",
            ),
        ),
        migrations.AddField(
            model_name="touch",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="touches",
                to="crm.contact",
            ),
        ),
        migrations.AddIndex(
            model_name="lifecyclerule",
            index=models.Index(fields=["rank", "id"], name="crm_lifecycle_rule_by_rank"),
        ),
        migrations.AddIndex(
            model_name="lifecyclerule",
            index=models.Index(fields=["name", "id"], name="crm_lifecycle_rule_by_name"),
        ),
        migrations.AddConstraint(
            model_name="lifecyclerule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("external_id",),
                name="crm_lifecycle_rule_external_id_live_uniq",
            ),
        ),
        migrations.AddConstraint(
            model_name="lifecyclerule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("name",),
                name="crm_lifecycle_rule_name_live_uniq",
            ),
        ),
        migrations.AddConstraint(
            model_name="lifecyclerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("order_count__gte", 1)),
                name="crm_lifecycle_rule_order_count_least",
                violation_error_message="Order count must be at least 1.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifecyclerule",
            trigger=pgtrigger.compiler.Trigger(
                name="history_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'lifecycle_rule', n.id, 'insert', NULL, jsonb_strip_nulls(to_jsonb(n) - '{updated_at,version}'::text[]), who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM new_rows n;\n    RETURN NULL;\n",
                    hash="b3008fa8f0a114c1acef3f9e83435d39ef2590c5",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_history_insert_c6214",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_lifecycle_rule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifecyclerule",
            trigger=pgtrigger.compiler.Trigger(
                name="history_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'lifecycle_rule', n.id, 'update', d.before, d.after, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o JOIN new_rows n ON n.id = o.id\n    CROSS JOIN LATERAL (\n        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after\n        FROM jsonb_each(to_jsonb(o) - '{updated_at,version}'::text[]) b\n        JOIN jsonb_each(to_jsonb(n) - '{updated_at,version}'::text[]) a ON a.key = b.key\n        WHERE a.value IS DISTINCT FROM b.value\n    ) d\n    WHERE d.after IS NOT NULL;\n    RETURN NULL;\n",
                    hash="12f296dc8f5b8d9ac9b9683e786950bce098b0b4",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_history_update_f8359",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_lifecycle_rule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifecyclerule",
            trigger=pgtrigger.compiler.Trigger(
                name="history_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'lifecycle_rule', o.id, 'delete', jsonb_strip_nulls(to_jsonb(o) - '{updated_at,version}'::text[]), NULL, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o;\n    RETURN NULL;\n",
                    hash="e7d22a9a6b62cc9050fa92322fe27fa5a72747c3",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_history_delete_75af2",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_lifecycle_rule",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="lifeevent",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["id"], name="crm_life_event_deleted"
            ),
        ),
        migrations.AddIndex(
            model_name="lifeevent",
            index=models.Index(fields=["contact", "occurred_at", "id"], name="crm_life_event_contact_at_idx"),
        ),
        migrations.AddIndex(
            model_name="lifeevent",
            index=models.Index(fields=["kind", "id"], name="crm_life_event_by_kind"),
        ),
        migrations.AddIndex(
            model_name="lifeevent",
            index=models.Index(fields=["occurred_on", "id"], name="crm_life_event_by_occurred_on"),
        ),
        migrations.AddIndex(
            model_name="lifeevent",
            index=models.Index(fields=["created_at", "id"], name="crm_life_event_by_created_at"),
        ),
        migrations.AddIndex(
            model_name="lifeevent",
            index=models.Index(fields=["updated_at", "id"], name="crm_life_event_by_updated_at"),
        ),
        migrations.AddConstraint(
            model_name="lifeevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("external_id",),
                name="crm_life_event_external_id_live_uniq",
            ),
        ),
        migrations.AddConstraint(
            model_name="lifeevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                name="crm_life_event_confidence_share",
                violation_error_message="The confidence must be from 0 to 1.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="history_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'life_event', n.id, 'insert', NULL, jsonb_strip_nulls(to_jsonb(n) - '{updated_at,version}'::text[]), who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM new_rows n;\n    RETURN NULL;\n",
                    hash="a0506791624edc315b2d033db48e6602ad702dcd",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_history_insert_99c77",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_life_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="history_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'life_event', n.id, 'update', d.before, d.after, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o JOIN new_rows n ON n.id = o.id\n    CROSS JOIN LATERAL (\n        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after\n        FROM jsonb_each(to_jsonb(o) - '{updated_at,version}'::text[]) b\n        JOIN jsonb_each(to_jsonb(n) - '{updated_at,version}'::text[]) a ON a.key = b.key\n        WHERE a.value IS DISTINCT FROM b.value\n    ) d\n    WHERE d.after IS NOT NULL;\n    RETURN NULL;\n",
                    hash="aaaf5b5c97859ae2a4db623a3ed0726b2c5893af",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_history_update_65cae",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_life_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="history_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'life_event', o.id, 'delete', jsonb_strip_nulls(to_jsonb(o) - '{updated_at,version}'::text[]), NULL, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o;\n    RETURN NULL;\n",
                    hash="99ab42cc74c308d48db7552ee6bd348711f1ea13",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_history_delete_30bd2",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_life_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_life_events_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', new_rows.occurred_on::timestamp)::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('life_events')) AS f (fact); RETURN NULL;",
                    hash="d6b7cbea4c0988fb74e6c655819276035864ba13",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_lake_life_events_insert_0fb49",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_life_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_life_events_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_on::timestamp)::date AS month FROM old_rows UNION SELECT date_trunc('month', new_rows.occurred_on::timestamp)::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('life_events')) AS f (fact); RETURN NULL;",
                    hash="ce80ba9397d5bd084af8e54b1510614db8dfc5ce",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_lake_life_events_update_5d85f",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_life_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_life_events_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_on::timestamp)::date AS month FROM old_rows) AS m CROSS JOIN (VALUES ('life_events')) AS f (fact); RETURN NULL;",
                    hash="887987ca77f63206aa97d425e526e4f46407677a",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_lake_life_events_delete_9fec5",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_life_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lifeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_life_events_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT NULL::date AS month) AS m CROSS JOIN (VALUES ('life_events')) AS f (fact); RETURN NULL;",
                    hash="7d8404a8ad87a1a62fe2d4f969e57c5eee193018",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_lake_life_events_truncate_48f25",
                    table="crm_life_event",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["id"], name="crm_referral_deleted"
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["referrer", "occurred_at", "id"], name="crm_referral_referrer_at_idx"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["referred", "occurred_at", "id"], name="crm_referral_referred_at_idx"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["occurred_at", "id"], name="crm_referral_by_occurred_at"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["status", "id"], name="crm_referral_by_status"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["code", "id"], name="crm_referral_by_code"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["created_at", "id"], name="crm_referral_by_created_at"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["updated_at", "id"], name="crm_referral_by_updated_at"),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("external_id",),
                name="crm_referral_external_id_live_uniq",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("referrer", "referred"),
                name="crm_referral_referrer_referred_live_uniq",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                name="crm_referral_currency_code",
                violation_error_message="The currency must be a code of three letters.",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("reward__gte", 0)),
                name="crm_referral_reward_least",
                violation_error_message="Reward must be at least 0.",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("reward__isnull", True), ("currency__isnull", False), _connector="OR"),
                name="crm_referral_reward_in_currency",
                violation_error_message="A reward needs its currency.",
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("referrer", models.F("referred")), _negated=True),
                name="crm_referral_of_another",
                violation_error_message="Nobody recommends us to themselves.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="history_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'referral', n.id, 'insert', NULL, jsonb_strip_nulls(to_jsonb(n) - '{updated_at,version}'::text[]), who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM new_rows n;\n    RETURN NULL;\n",
                    hash="480e907ae4e414004a3bb3041541b27781bdaed9",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_history_insert_a533b",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="history_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'referral', n.id, 'update', d.before, d.after, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o JOIN new_rows n ON n.id = o.id\n    CROSS JOIN LATERAL (\n        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after\n        FROM jsonb_each(to_jsonb(o) - '{updated_at,version}'::text[]) b\n        JOIN jsonb_each(to_jsonb(n) - '{updated_at,version}'::text[]) a ON a.key = b.key\n        WHERE a.value IS DISTINCT FROM b.value\n    ) d\n    WHERE d.after IS NOT NULL;\n    RETURN NULL;\n",
                    hash="54d634b33ec28049235fb0f1fab99b6cd9b449aa",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_history_update_0cfa7",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="history_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'referral', o.id, 'delete', jsonb_strip_nulls(to_jsonb(o) - '{updated_at,version}'::text[]), NULL, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o;\n    RETURN NULL;\n",
                    hash="46af3bf22fbd112c26f1129026cf28ebaac4f160",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_history_delete_dd84a",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_referrals_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', new_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('referrals')) AS f (fact); RETURN NULL;",
                    hash="b595e3b88d258ae507e1fa3ca34432da347c01d7",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_lake_referrals_insert_ceef6",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_referrals_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM old_rows UNION SELECT date_trunc('month', new_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('referrals')) AS f (fact); RETURN NULL;",
                    hash="6efdaeb79d7c978bdee55b787316cc8a74635c32",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_lake_referrals_update_7cc59",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_referrals_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM old_rows) AS m CROSS JOIN (VALUES ('referrals')) AS f (fact); RETURN NULL;",
                    hash="9edf75b6fd8349cdd8911400ebebd6a36a425c45",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_lake_referrals_delete_5d2d8",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_referrals_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT NULL::date AS month) AS m CROSS JOIN (VALUES ('referrals')) AS f (fact); RETURN NULL;",
                    hash="110a5405d7f9eeace53e9a1e62104eac023d7dd1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_lake_referrals_truncate_8e705",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="first_referrer_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE people uuid[]; is_new boolean;",
                    func="IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;\n    people := ARRAY(SELECT DISTINCT x.referred_id FROM (SELECT referred_id FROM new_rows) x WHERE x.referred_id IS NOT NULL);\n    IF people = '{}' THEN RETURN NULL; END IF;\n    PERFORM 1 FROM crm_contact WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;\n\n    UPDATE crm_referral r SET is_counted = NOT r.is_counted\n    WHERE r.referred_id = ANY(people) AND r.is_counted <> (r.deleted_at IS NULL AND r.id = (\n        SELECT f.id FROM crm_referral f WHERE f.referred_id = r.referred_id AND f.deleted_at IS NULL\n        ORDER BY f.occurred_at, f.id LIMIT 1\n    ));\n    RETURN NULL;\n",
                    hash="7aadf52474e3b1b0e242aacb19fe22b0410127be",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_first_referrer_insert_9a8e6",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="first_referrer_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE people uuid[]; is_new boolean;",
                    func="IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;\n    people := ARRAY(SELECT DISTINCT x.referred_id FROM (SELECT referred_id FROM old_rows UNION ALL SELECT referred_id FROM new_rows) x WHERE x.referred_id IS NOT NULL);\n    IF people = '{}' THEN RETURN NULL; END IF;\n    PERFORM 1 FROM crm_contact WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;\n\n    UPDATE crm_referral r SET is_counted = NOT r.is_counted\n    WHERE r.referred_id = ANY(people) AND r.is_counted <> (r.deleted_at IS NULL AND r.id = (\n        SELECT f.id FROM crm_referral f WHERE f.referred_id = r.referred_id AND f.deleted_at IS NULL\n        ORDER BY f.occurred_at, f.id LIMIT 1\n    ));\n    RETURN NULL;\n",
                    hash="f57e3eb279c276b68cccc4345ddbb7f165504cf3",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_first_referrer_update_8d06a",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="first_referrer_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE people uuid[]; is_new boolean;",
                    func="IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;\n    people := ARRAY(SELECT DISTINCT x.referred_id FROM (SELECT referred_id FROM old_rows) x WHERE x.referred_id IS NOT NULL);\n    IF people = '{}' THEN RETURN NULL; END IF;\n    PERFORM 1 FROM crm_contact WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;\n\n    UPDATE crm_referral r SET is_counted = NOT r.is_counted\n    WHERE r.referred_id = ANY(people) AND r.is_counted <> (r.deleted_at IS NULL AND r.id = (\n        SELECT f.id FROM crm_referral f WHERE f.referred_id = r.referred_id AND f.deleted_at IS NULL\n        ORDER BY f.occurred_at, f.id LIMIT 1\n    ));\n    RETURN NULL;\n",
                    hash="a1486023982d3314021a89fca78f04be26940e99",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_first_referrer_delete_0a6bd",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_referral",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["id"], name="crm_touch_deleted"
            ),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["contact", "occurred_at", "id"], name="crm_touch_contact_at_idx"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["occurred_at", "id"], name="crm_touch_by_occurred_at"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["campaign_code", "id"], name="crm_touch_by_campaign_code"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["source", "id"], name="crm_touch_by_source"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["medium", "id"], name="crm_touch_by_medium"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["anonymous_id", "id"], name="crm_touch_by_anonymous"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["created_at", "id"], name="crm_touch_by_created_at"),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["updated_at", "id"], name="crm_touch_by_updated_at"),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("external_id",),
                name="crm_touch_external_id_live_uniq",
            ),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                name="crm_touch_currency_code",
                violation_error_message="The currency must be a code of three letters.",
            ),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost__gte", 0)),
                name="crm_touch_cost_least",
                violation_error_message="Cost must be at least 0.",
            ),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost__isnull", True), ("currency__isnull", False), _connector="OR"),
                name="crm_touch_cost_in_currency",
                violation_error_message="A cost needs its currency.",
            ),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.CheckConstraint(
                condition=models.Q(("contact__isnull", False), ("anonymous_id__isnull", False), _connector="OR"),
                name="crm_touch_has_somebody",
                violation_error_message="A contact or an anonymous id must be named.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="history_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'touch', n.id, 'insert', NULL, jsonb_strip_nulls(to_jsonb(n) - '{updated_at,version}'::text[]), who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM new_rows n;\n    RETURN NULL;\n",
                    hash="006db22af4f9a08f287d65b68cee51c9aafc70a1",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_history_insert_0a9a3",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="history_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'touch', n.id, 'update', d.before, d.after, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o JOIN new_rows n ON n.id = o.id\n    CROSS JOIN LATERAL (\n        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after\n        FROM jsonb_each(to_jsonb(o) - '{updated_at,version}'::text[]) b\n        JOIN jsonb_each(to_jsonb(n) - '{updated_at,version}'::text[]) a ON a.key = b.key\n        WHERE a.value IS DISTINCT FROM b.value\n    ) d\n    WHERE d.after IS NOT NULL;\n    RETURN NULL;\n",
                    hash="5b2d04dca806a05408cf9d03c670ecfdfad172c3",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_history_update_a5d4b",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="history_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'touch', o.id, 'delete', jsonb_strip_nulls(to_jsonb(o) - '{updated_at,version}'::text[]), NULL, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o;\n    RETURN NULL;\n",
                    hash="d19e75651f5545ff63df511e5c33126e3d1851ce",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_history_delete_822eb",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_touches_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', new_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('touches')) AS f (fact); RETURN NULL;",
                    hash="6f3c102cd50428eef9da62489989335147c965c7",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_lake_touches_insert_c69e5",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_touches_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM old_rows UNION SELECT date_trunc('month', new_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('touches')) AS f (fact); RETURN NULL;",
                    hash="63ac6cac15da02f20cd84816fea8ed51b3e318ab",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_lake_touches_update_b35ac",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_touches_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM old_rows) AS m CROSS JOIN (VALUES ('touches')) AS f (fact); RETURN NULL;",
                    hash="697e99e422868ea5b84fb390c613f150f608e6a1",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_lake_touches_delete_cc0e7",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_touches_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT NULL::date AS month) AS m CROSS JOIN (VALUES ('touches')) AS f (fact); RETURN NULL;",
                    hash="68c7f7457e71b95133a97a7f7e59b635523e031a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_lake_touches_truncate_a7a89",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="acquisition_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE people uuid[]; is_new boolean;",
                    func="is_new := true;\n    people := ARRAY(SELECT DISTINCT x.contact_id FROM (SELECT contact_id FROM new_rows) x WHERE x.contact_id IS NOT NULL);\n    IF people = '{}' THEN RETURN NULL; END IF;\n    PERFORM 1 FROM crm_contact WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;\n\n    UPDATE crm_contact c SET\n        acquisition_touch_id = f.id, acquisition_at = f.occurred_at, acquisition_source = f.source,\n        acquisition_medium = f.medium, acquisition_campaign = f.campaign_code,\n        source = CASE WHEN is_new THEN coalesce(nullif(c.source, ''), f.source) ELSE c.source END,\n        source_detail = CASE WHEN is_new AND coalesce(c.source, '') = '' AND coalesce(c.source_detail, '') = ''\n                             THEN f.campaign_code ELSE c.source_detail END,\n        version = c.version + 1,\n        updated_at = coalesce((nullif(current_setting('bifocal.actor', true), '')::jsonb->>'at')::timestamptz, now())\n    FROM unnest(people) AS p (id) LEFT JOIN LATERAL (\n        SELECT t.* FROM crm_touch t WHERE t.contact_id = p.id AND t.deleted_at IS NULL\n        ORDER BY t.occurred_at, t.id LIMIT 1\n    ) f ON true\n    WHERE c.id = p.id AND (c.acquisition_touch_id, c.acquisition_at, c.acquisition_source, c.acquisition_medium,\n        c.acquisition_campaign) IS DISTINCT FROM (f.id, f.occurred_at, f.source, f.medium, f.campaign_code);\n    RETURN NULL;\n",
                    hash="b875534d5d404513be30f1c71db3f2ddc8dafb92",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_acquisition_insert_0689e",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="acquisition_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE people uuid[]; is_new boolean;",
                    func="is_new := EXISTS (SELECT FROM old_rows WHERE contact_id IS NULL);\n    people := ARRAY(SELECT DISTINCT x.contact_id FROM (SELECT contact_id FROM old_rows UNION ALL SELECT contact_id FROM new_rows) x WHERE x.contact_id IS NOT NULL);\n    IF people = '{}' THEN RETURN NULL; END IF;\n    PERFORM 1 FROM crm_contact WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;\n\n    UPDATE crm_contact c SET\n        acquisition_touch_id = f.id, acquisition_at = f.occurred_at, acquisition_source = f.source,\n        acquisition_medium = f.medium, acquisition_campaign = f.campaign_code,\n        source = CASE WHEN is_new THEN coalesce(nullif(c.source, ''), f.source) ELSE c.source END,\n        source_detail = CASE WHEN is_new AND coalesce(c.source, '') = '' AND coalesce(c.source_detail, '') = ''\n                             THEN f.campaign_code ELSE c.source_detail END,\n        version = c.version + 1,\n        updated_at = coalesce((nullif(current_setting('bifocal.actor', true), '')::jsonb->>'at')::timestamptz, now())\n    FROM unnest(people) AS p (id) LEFT JOIN LATERAL (\n        SELECT t.* FROM crm_touch t WHERE t.contact_id = p.id AND t.deleted_at IS NULL\n        ORDER BY t.occurred_at, t.id LIMIT 1\n    ) f ON true\n    WHERE c.id = p.id AND (c.acquisition_touch_id, c.acquisition_at, c.acquisition_source, c.acquisition_medium,\n        c.acquisition_campaign) IS DISTINCT FROM (f.id, f.occurred_at, f.source, f.medium, f.campaign_code);\n    RETURN NULL;\n",
                    hash="631d19dc15e16aa5ffc5de3f2cd36f08ec0dd974",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_acquisition_update_f70c3",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="touch",
            trigger=pgtrigger.compiler.Trigger(
                name="acquisition_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE people uuid[]; is_new boolean;",
                    func="is_new := false;\n    people := ARRAY(SELECT DISTINCT x.contact_id FROM (SELECT contact_id FROM old_rows) x WHERE x.contact_id IS NOT NULL);\n    IF people = '{}' THEN RETURN NULL; END IF;\n    PERFORM 1 FROM crm_contact WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;\n\n    UPDATE crm_contact c SET\n        acquisition_touch_id = f.id, acquisition_at = f.occurred_at, acquisition_source = f.source,\n        acquisition_medium = f.medium, acquisition_campaign = f.campaign_code,\n        source = CASE WHEN is_new THEN coalesce(nullif(c.source, ''), f.source) ELSE c.source END,\n        source_detail = CASE WHEN is_new AND coalesce(c.source, '') = '' AND coalesce(c.source_detail, '') = ''\n                             THEN f.campaign_code ELSE c.source_detail END,\n        version = c.version + 1,\n        updated_at = coalesce((nullif(current_setting('bifocal.actor', true), '')::jsonb->>'at')::timestamptz, now())\n    FROM unnest(people) AS p (id) LEFT JOIN LATERAL (\n        SELECT t.* FROM crm_touch t WHERE t.contact_id = p.id AND t.deleted_at IS NULL\n        ORDER BY t.occurred_at, t.id LIMIT 1\n    ) f ON true\n    WHERE c.id = p.id AND (c.acquisition_touch_id, c.acquisition_at, c.acquisition_source, c.acquisition_medium,\n        c.acquisition_campaign) IS DISTINCT FROM (f.id, f.occurred_at, f.source, f.medium, f.campaign_code);\n    RETURN NULL;\n",
                    hash="5994f6cb7abdf4076afae84bfd84eb6817b84f33",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_acquisition_delete_ef2eb",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_touch",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
