from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table is large: it is written to while the index is built.
    atomic = False

    dependencies = [("crm", "0005_cases")]

    operations = [
        AddIndexConcurrently(
            model_name="interaction",
            index=models.Index(fields=["case", "id"], name="crm_interaction_by_case"),
        ),
    ]
