from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table is large: it is written to while the index is built.
    atomic = False

    dependencies = [("crm", "0014_privacy"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        AddIndexConcurrently(
            model_name="deal",
            index=models.Index(
                condition=models.Q(status="open", deleted_at__isnull=True),
                fields=["stage", "currency"],
                include=("amount", "id", "owner", "team", "partner"),
                name="crm_deal_open_sums",
            ),
        ),
    ]
