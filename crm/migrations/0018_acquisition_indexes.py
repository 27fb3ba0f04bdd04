"""Indexes of contacts by their acquisition, built beside the writers of a table that may be large."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("crm", "0017_behaviour"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["acquisition_source", "id"], name="crm_contact_by_acquisition_sou"),
        ),
        AddIndexConcurrently(
            model_name="contact",
            index=models.Index(fields=["acquisition_campaign", "id"], name="crm_contact_by_acquisition_cam"),
        ),
    ]
