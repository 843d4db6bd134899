import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0013_monitor_records"),
    ]

    operations = [
        migrations.AddField(
            model_name="host",
            name="away_cost",
            field=models.TextField(
                blank=True, db_default="", default="", editable=False, verbose_name="what that cost"
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="away_from",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Its last tick before its last silence.",
                null=True,
                verbose_name="away from",
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="away_until",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Its first tick after.",
                null=True,
                verbose_name="away until",
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="is_retired",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Nobody expects it to tick, until it does.",
                verbose_name="retired",
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="silence_noted",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="After which tick of it people were told that there came no other.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="late_after_seconds",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="A run that has not begun so long after its time was missed. Empty: learned from how late it usually begins. 0: it is never late.",
                null=True,
                verbose_name="late after (seconds)",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="long_after_seconds",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="A run that still goes on then takes too long, but goes on. Empty: learned from how long it usually takes. 0: never.",
                null=True,
                verbose_name="too long after (seconds)",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="short_below_seconds",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="A good run that took less has perhaps done nothing. Empty: learned from how long it usually takes. 0: never.",
                null=True,
                verbose_name="too short below (seconds)",
            ),
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("timed_out", "Timed out"),
                            ("stopped", "Stopped"),
                            ("lost", "Lost"),
                            ("skipped", "Skipped"),
                        ],
                        max_length=12,
                    ),
                ),
                ("runs", models.BigIntegerField(default=0)),
                ("duration_ms", models.BigIntegerField(default=0)),
                ("within_1s", models.BigIntegerField(default=0)),
                ("within_10s", models.BigIntegerField(default=0)),
                ("within_1m", models.BigIntegerField(default=0)),
                ("within_5m", models.BigIntegerField(default=0)),
                ("within_15m", models.BigIntegerField(default=0)),
                ("within_1h", models.BigIntegerField(default=0)),
                ("within_6h", models.BigIntegerField(default=0)),
                ("timed", models.BigIntegerField(default=0)),
                ("lateness_ms", models.BigIntegerField(default=0)),
                (
                    "job",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chroniker.job",
                    ),
                ),
            ],
            options={
                "verbose_name": "tally",
                "verbose_name_plural": "tallies",
                "constraints": [
                    models.UniqueConstraint(fields=("job", "status"), name="chroniker_tally_one")
                ],
            },
        ),
    ]
