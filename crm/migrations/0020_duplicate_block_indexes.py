from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table is large: it is written to while the indexes are built.
    atomic = False

    dependencies = [("crm", "0019_duplicate_candidates")]

    operations = [
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["birth_date", "id"], name="crm_contact_by_birth_date"),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(
                models.Func(models.F("email"), models.Value("@"), models.Value(1), function="split_part"),
                condition=models.Q(("email__isnull", False)),
                name="crm_contact_email_local",
            ),
        ),
    ]
