"""Add the jitter of 1.1.0."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chroniker", "0004_auto_20240328_2035")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="jitter_seconds",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Run up to this many seconds after the scheduled time, at random.",
                verbose_name="jitter seconds",
            ),
        ),
    ]
