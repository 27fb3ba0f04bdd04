"""What the tables need from PostgreSQL: trigram search, and a sequence for numbers of orders that came without one."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        TrigramExtension(),
        migrations.RunSQL(
            "CREATE SEQUENCE crm_order_number_seq AS bigint START 1", "DROP SEQUENCE crm_order_number_seq"
        ),
    ]
