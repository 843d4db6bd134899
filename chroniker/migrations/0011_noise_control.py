import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0010_outbox"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="job",
            options={
                "ordering": ("name",),
                "permissions": (
                    ("run_job", "Can run job"),
                    ("stop_job", "Can stop job"),
                    ("view_output", "Can view output of jobs"),
                    ("edit_raw_command", "Can edit raw command of job"),
                    ("pause_jobs", "Can pause jobs"),
                    ("silence_jobs", "Can acknowledge and snooze errors of jobs"),
                ),
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
            },
        ),
        migrations.AddField(
            model_name="job",
            name="acknowledged_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When somebody said that this error is known.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="acknowledged_by",
            field=models.CharField(blank=True, editable=False, max_length=150, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="failures",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="How many of its runs have failed since the last good one.",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="fingerprint",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="What its last run failed of; empty since the last good run.",
                max_length=16,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="notify_after",
            field=models.PositiveIntegerField(
                db_default=1,
                default=1,
                help_text="People hear of it once so many runs in a row have failed.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="tell after (failures)",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="notify_every",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="How long the same error is not told of again. Empty: CHRONIKER_NOTIFY_EVERY. 0: each failure is told of.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(10000000)],
                verbose_name="tell again after (seconds)",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="snoozed_by",
            field=models.CharField(blank=True, editable=False, max_length=150, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="snoozed_until",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Nobody is told of failures until then.",
                null=True,
                verbose_name="snoozed until",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="trouble",
            field=models.JSONField(
                blank=True,
                editable=False,
                help_text="What it has failed of since the last good run, and what was told of that.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="jobhost",
            name="acknowledged_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When somebody said that this error is known.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="jobhost",
            name="acknowledged_by",
            field=models.CharField(blank=True, editable=False, max_length=150, null=True),
        ),
        migrations.AddField(
            model_name="jobhost",
            name="failures",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="How many of its runs have failed since the last good one.",
            ),
        ),
        migrations.AddField(
            model_name="jobhost",
            name="fingerprint",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="What its last run failed of; empty since the last good run.",
                max_length=16,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="jobhost",
            name="trouble",
            field=models.JSONField(
                blank=True,
                editable=False,
                help_text="What it has failed of since the last good run, and what was told of that.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="fingerprint",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="What a bad end has in common with others like it.",
                max_length=16,
                null=True,
                verbose_name="error",
            ),
        ),
        migrations.AddIndex(
            model_name="log",
            index=models.Index(
                fields=["fingerprint", "job", "-run_start_datetime"], name="chroniker_log_error"
            ),
        ),
    ]
