"""Store unknown success as a nullable boolean."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chroniker", "0002_auto_20190415_0925")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="last_run_successful",
            field=models.BooleanField(
                blank=True, editable=False, null=True, verbose_name="success"
            ),
        ),
    ]
