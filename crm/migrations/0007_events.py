"""Events, in a table that is partitioned by the month of `occurred_at` (docs/adr/0012)."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import core.ids

# What Django would make of the model, but for the primary key, which must have the month in it, and the partitions.
# Months are made when they are needed, and ahead of time (crm/services/event_partitions.py).
TABLE = """
    CREATE TABLE crm_event (
        id uuid NOT NULL,
        external_id varchar(200),
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        version integer NOT NULL CHECK (version >= 0),
        deleted_at timestamptz,
        name varchar(100) NOT NULL,
        occurred_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        anonymous_id varchar(128),
        session_id varchar(128),
        source varchar(64) NOT NULL,
        message_id varchar(200),
        is_offline boolean NOT NULL,
        place varchar(200),
        properties jsonb NOT NULL,
        context jsonb NOT NULL,
        value numeric(16, 2),
        currency varchar(3),
        company_id uuid,
        contact_id uuid,
        PRIMARY KEY (id, occurred_at)
    ) PARTITION BY RANGE (occurred_at);
    CREATE TABLE crm_event_early PARTITION OF crm_event FOR VALUES FROM (MINVALUE) TO ('2015-01-01 00:00:00+00');
"""

# Which of the months (names of partitions) are missing. Those that are there are locked as an insert would: a session
# that has used the table in this transaction looks for new months only when it takes a lock that it does not hold.
MONTHS = """
    CREATE FUNCTION crm_event_months_missing(space int, subject int, months text[]) RETURNS SETOF text AS $$
    DECLARE month text;
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(space, subject);
        FOREACH month IN ARRAY months LOOP
            BEGIN
                EXECUTE format('LOCK TABLE %I IN ROW EXCLUSIVE MODE', month);
            EXCEPTION WHEN undefined_table THEN
                RETURN NEXT month;
            END;
        END LOOP;
    END;
    $$ LANGUAGE plpgsql;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0006_interaction_case_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventKey",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("event_id", models.UUIDField()),
                ("occurred_at", models.DateTimeField(help_text="Of the event, which leads to its month.")),
            ],
            options={
                "db_table": "crm_event_key",
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(fields=["occurred_at"], name="crm_event_key_at_brin")
                ],
            },
        ),
        migrations.RunSQL(MONTHS, "DROP FUNCTION crm_event_months_missing"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE, "DROP TABLE crm_event")],
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=core.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "external_id",
                            models.CharField(
                                blank=True, help_text="The id in another system.", max_length=200, null=True
                            ),
                        ),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("version", models.PositiveIntegerField(default=1, editable=False)),
                        ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "name",
                            models.CharField(help_text="What happened: Page Viewed, Order Completed.", max_length=100),
                        ),
                        (
                            "occurred_at",
                            models.DateTimeField(help_text="When it happened; when it was received if not given."),
                        ),
                        ("received_at", models.DateTimeField(editable=False, help_text="When it reached us.")),
                        (
                            "anonymous_id",
                            models.CharField(
                                blank=True,
                                help_text="The visitor, as the sender calls who is not known yet.",
                                max_length=128,
                                null=True,
                            ),
                        ),
                        (
                            "session_id",
                            models.CharField(
                                blank=True, help_text="The visit, as the sender calls it.", max_length=128, null=True
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                default="api", help_text="Who sends it: web, app, till, show.", max_length=64
                            ),
                        ),
                        (
                            "message_id",
                            models.CharField(
                                blank=True,
                                help_text="The sender's id: a repeated one of a source is stored once.",
                                max_length=200,
                                null=True,
                            ),
                        ),
                        (
                            "is_offline",
                            models.BooleanField(
                                default=False, help_text="Whether it happened away from screens: in a store."
                            ),
                        ),
                        (
                            "place",
                            models.CharField(
                                blank=True, help_text="Where it happened: a store, a stand.", max_length=200, null=True
                            ),
                        ),
                        (
                            "properties",
                            models.JSONField(
                                blank=True, default=dict, help_text="What the event is about, as the sender says."
                            ),
                        ),
                        (
                            "context",
                            models.JSONField(
                                blank=True, default=dict, help_text="Its circumstances: page, device, library."
                            ),
                        ),
                        (
                            "value",
                            models.DecimalField(
                                blank=True, decimal_places=2, help_text="What it was worth.", max_digits=16, null=True
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(
                                blank=True, help_text="ISO 4217 code of the value.", max_length=3, null=True
                            ),
                        ),
                        (
                            "company",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                help_text="For which company.",
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="events",
                                to="crm.company",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                help_text="Who it was, where that is known.",
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="events",
                                to="crm.contact",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "crm_event",
                    },
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                name="crm_event_currency_code",
                violation_error_message="The currency must be a code of three letters.",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__gte", 0)),
                name="crm_event_value_least",
                violation_error_message="Value must be at least 0.",
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__isnull", True), ("currency__isnull", False), _connector="OR"),
                name="crm_event_value_in_currency",
                violation_error_message="A value needs its currency.",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("contact__isnull", False)),
                fields=["contact", "occurred_at", "id"],
                name="crm_event_contact_at_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("company__isnull", False)),
                fields=["company", "occurred_at", "id"],
                name="crm_event_company_at_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("anonymous_id__isnull", False)),
                fields=["anonymous_id", "occurred_at", "id"],
                name="crm_event_anonymous_at_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("session_id__isnull", False)),
                fields=["session_id", "occurred_at", "id"],
                name="crm_event_session_at_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="event", index=models.Index(fields=["name", "occurred_at", "id"], name="crm_event_name_at_idx")
        ),
        migrations.AddIndex(
            model_name="event", index=models.Index(fields=["occurred_at", "id"], name="crm_event_at_idx")
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["id"], name="crm_event_deleted"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="history_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'event', n.id, 'update', d.before, d.after, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o JOIN new_rows n ON n.id = o.id\n    CROSS JOIN LATERAL (\n        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after\n        FROM jsonb_each(to_jsonb(o) - '{updated_at,version}'::text[]) b\n        JOIN jsonb_each(to_jsonb(n) - '{updated_at,version}'::text[]) a ON a.key = b.key\n        WHERE a.value IS DISTINCT FROM b.value\n    ) d\n    WHERE d.after IS NOT NULL;\n    RETURN NULL;\n",
                    hash="8b3e12937b08de1342c760e5b6583ee101aed212",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_history_update_66c2d",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="history_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE who jsonb;",
                    func="\n    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{\"kind\": \"system\", \"door\": \"shell\"}')::jsonb;\n\n    INSERT INTO core_change (entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)\n    SELECT 'event', o.id, 'delete', jsonb_strip_nulls(to_jsonb(o) - '{updated_at,version}'::text[]), NULL, who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',\n           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())\n    FROM old_rows o;\n    RETURN NULL;\n",
                    hash="2b013033d946e7ff0ed48a4c2b562e27b5e2697a",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_history_delete_b646f",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="event_keys",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO crm_event_key (key, event_id, occurred_at)\n    SELECT encode(substring(sha256(convert_to(length(n.source) || ':' || n.source || n.message_id, 'UTF8')) FOR 16),\n                  'hex')::uuid AS key, n.id, n.occurred_at\n    FROM new_rows n WHERE n.message_id IS NOT NULL ORDER BY key;\n    RETURN NULL;\n",
                    hash="8655878bf086ec8ff21ec0aee253f31749088271",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_event_keys_34f2b",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_events_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', new_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('events')) AS f (fact); RETURN NULL;",
                    hash="eac729c10a4652377d672d5634ccf1466a82429d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_lake_events_insert_72896",
                    referencing="REFERENCING NEW TABLE AS new_rows ",
                    table="crm_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_events_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM old_rows UNION SELECT date_trunc('month', new_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM new_rows) AS m CROSS JOIN (VALUES ('events')) AS f (fact); RETURN NULL;",
                    hash="be50639d3e7ca9a1025c10aa0ca8648e68f1f78e",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_lake_events_update_f2aae",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="crm_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_events_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT date_trunc('month', old_rows.occurred_at AT TIME ZONE 'UTC')::date AS month FROM old_rows) AS m CROSS JOIN (VALUES ('events')) AS f (fact); RETURN NULL;",
                    hash="1918011d5cf4740c56e50303fb0f654196c51ae7",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_lake_events_delete_6c0ca",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="crm_event",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="event",
            trigger=pgtrigger.compiler.Trigger(
                name="lake_events_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO core_dirty_month (fact, month) SELECT DISTINCT f.fact, m.month FROM (SELECT NULL::date AS month) AS m CROSS JOIN (VALUES ('events')) AS f (fact); RETURN NULL;",
                    hash="bb709b95ab2afe5689d04826385f554834a21299",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_lake_events_truncate_72aea",
                    table="crm_event",
                    when="AFTER",
                ),
            ),
        ),
    ]
