"""Add what 2.0 needs: schedules in a zone, claims and outcomes, jobs on hosts, permissions.

Every column is nullable or has a database default, so 1.x can still write these tables.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0005_job_jitter_seconds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="JobHost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "next_run",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it runs next. Leave empty to have it computed from the schedule.",
                        null=True,
                        verbose_name="next run",
                    ),
                ),
                (
                    "next_occurrence",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The instant the schedule names; the next run is this plus the jitter.",
                        null=True,
                        verbose_name="next occurrence",
                    ),
                ),
                (
                    "last_run_start_timestamp",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        null=True,
                        verbose_name="last run start timestamp",
                    ),
                ),
                (
                    "last_run",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When the last finished run was started.",
                        null=True,
                        verbose_name="last run",
                    ),
                ),
                (
                    "last_heartbeat",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last heartbeat"
                    ),
                ),
                (
                    "is_running",
                    models.BooleanField(blank=True, default=False, verbose_name="is running"),
                ),
                (
                    "last_run_successful",
                    models.BooleanField(
                        blank=True, editable=False, null=True, verbose_name="success"
                    ),
                ),
                ("lock_file", models.CharField(blank=True, editable=False, max_length=255)),
                (
                    "force_run",
                    models.BooleanField(
                        blank=True,
                        default=False,
                        help_text="Run it once at the next tick, whatever its schedule says.",
                        verbose_name="force run",
                    ),
                ),
                (
                    "force_stop",
                    models.BooleanField(
                        blank=True,
                        default=False,
                        help_text="End the run that is in progress.",
                        verbose_name="force stop",
                    ),
                ),
                (
                    "current_hostname",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=700,
                        null=True,
                        verbose_name="current hostname",
                    ),
                ),
                (
                    "current_pid",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        editable=False,
                        max_length=50,
                        null=True,
                        verbose_name="current PID",
                    ),
                ),
                (
                    "total_parts_complete",
                    models.PositiveIntegerField(
                        default=0, editable=False, verbose_name="total parts complete"
                    ),
                ),
                (
                    "total_parts",
                    models.PositiveIntegerField(
                        default=0, editable=False, verbose_name="total parts"
                    ),
                ),
                (
                    "claim_token",
                    models.CharField(
                        blank=True, editable=False, max_length=32, null=True, unique=True
                    ),
                ),
                ("fence", models.BigIntegerField(db_default=0, default=0, editable=False)),
                (
                    "lease_expires",
                    models.BigIntegerField(
                        blank=True,
                        editable=False,
                        help_text="In ms since 1970, database's clock.",
                        null=True,
                    ),
                ),
                (
                    "heartbeat_count",
                    models.BigIntegerField(db_default=0, default=0, editable=False),
                ),
                ("stop_fence", models.BigIntegerField(blank=True, editable=False, null=True)),
                (
                    "attempt",
                    models.PositiveIntegerField(
                        db_default=0,
                        default=0,
                        editable=False,
                        help_text="How often the run of the next occurrence was tried already.",
                    ),
                ),
                ("boot_id", models.CharField(blank=True, editable=False, max_length=64, null=True)),
                ("current_pid_created", models.FloatField(blank=True, editable=False, null=True)),
                (
                    "forced_by",
                    models.CharField(blank=True, editable=False, max_length=150, null=True),
                ),
                (
                    "stopped_by",
                    models.CharField(blank=True, editable=False, max_length=150, null=True),
                ),
                ("hostname", models.CharField(max_length=255, verbose_name="hostname")),
                ("revision", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
            ],
            options={
                "verbose_name": "job on a host",
                "verbose_name_plural": "jobs on hosts",
            },
        ),
        migrations.AlterModelOptions(
            name="job",
            options={
                "ordering": ("name",),
                "permissions": (
                    ("run_job", "Can run job"),
                    ("stop_job", "Can stop job"),
                    ("view_output", "Can view output of jobs"),
                    ("edit_raw_command", "Can edit raw command of job"),
                ),
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
            },
        ),
        migrations.AddField(
            model_name="job",
            name="anchor",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="The first occurrence: intervals and counts are counted from it.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="attempt",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="How often the run of the next occurrence was tried already.",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="boot_id",
            field=models.CharField(blank=True, editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="claim_token",
            field=models.CharField(
                blank=True, editable=False, max_length=32, null=True, unique=True
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="cron_expression",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Minute, hour, day of month, month, day of week: for instance 0 9 * * 1-5.",
                max_length=255,
                verbose_name="cron expression",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="current_pid_created",
            field=models.FloatField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="error",
            field=models.TextField(
                blank=True,
                editable=False,
                help_text="Why it cannot be run or scheduled.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="fence",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="job",
            name="forced_by",
            field=models.CharField(blank=True, editable=False, max_length=150, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="heartbeat_count",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="job",
            name="held_until",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="A faulty job is left alone until then.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="lease_expires",
            field=models.BigIntegerField(
                blank=True,
                editable=False,
                help_text="In ms since 1970, database's clock.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="next_occurrence",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="The instant the schedule names; the next run is this plus the jitter.",
                null=True,
                verbose_name="next occurrence",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="revision",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="job",
            name="stderr_is_failure",
            field=models.BooleanField(
                blank=True,
                help_text="Whether text on stderr makes a run fail. Unknown: CHRONIKER_STDERR_IS_FAILURE for management commands, no for raw commands.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="stop_fence",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="stopped_by",
            field=models.CharField(blank=True, editable=False, max_length=150, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="timezone",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The zone the schedule is meant in. Empty: the project's.",
                max_length=63,
                verbose_name="time zone",
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="active_for",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="What this run holds while it goes on: the database refuses a second one.",
                max_length=255,
                null=True,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="arguments",
            field=models.TextField(blank=True, editable=False, null=True, verbose_name="arguments"),
        ),
        migrations.AddField(
            model_name="log",
            name="attempt",
            field=models.PositiveIntegerField(
                db_default=1, default=1, editable=False, verbose_name="attempt"
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="duration_ms",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="log",
            name="exit_code",
            field=models.IntegerField(
                blank=True, editable=False, null=True, verbose_name="exit code"
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="late_outcome",
            field=models.TextField(
                blank=True, editable=False, null=True, verbose_name="late outcome"
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="lateness_ms",
            field=models.BigIntegerField(
                blank=True,
                editable=False,
                help_text="How long after its scheduled time it was claimed, in milliseconds.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="occurrences",
            field=models.PositiveIntegerField(
                db_default=1, default=1, editable=False, verbose_name="occurrences"
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="output_truncated",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="output shortened"
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="pid",
            field=models.BigIntegerField(blank=True, editable=False, null=True, verbose_name="PID"),
        ),
        migrations.AddField(
            model_name="log",
            name="reason",
            field=models.TextField(blank=True, editable=False, null=True, verbose_name="reason"),
        ),
        migrations.AddField(
            model_name="log",
            name="scheduled_for",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="The occurrence this run stands for; empty for a run made by hand.",
                null=True,
                verbose_name="scheduled for",
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="slot",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=255
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="started_datetime",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When its process was started; the run itself starts with its claim.",
                null=True,
                verbose_name="process started",
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="status",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("succeeded", "Succeeded"),
                    ("failed", "Failed"),
                    ("timed_out", "Timed out"),
                    ("stopped", "Stopped"),
                    ("lost", "Lost"),
                    ("skipped", "Skipped"),
                ],
                db_index=True,
                editable=False,
                max_length=12,
                null=True,
                verbose_name="status",
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="token",
            field=models.CharField(
                blank=True, editable=False, max_length=32, null=True, unique=True
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="trigger",
            field=models.CharField(
                blank=True,
                choices=[
                    ("schedule", "Schedule"),
                    ("forced", "By hand"),
                    ("retry", "Retry"),
                    ("direct", "By code"),
                ],
                editable=False,
                max_length=10,
                null=True,
                verbose_name="trigger",
            ),
        ),
        migrations.AddField(
            model_name="log",
            name="triggered_by",
            field=models.CharField(
                blank=True, editable=False, max_length=150, null=True, verbose_name="triggered by"
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="jitter_seconds",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Run up to this many seconds after the scheduled time, at random.",
                verbose_name="jitter seconds",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["enabled", "next_run"], name="chroniker_job_due"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["is_running"], name="chroniker_job_running"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["force_run"], name="chroniker_job_forced"),
        ),
        migrations.AddIndex(
            model_name="log",
            index=models.Index(
                fields=["job", "-run_start_datetime"], name="chroniker_log_job_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="log",
            constraint=models.UniqueConstraint(
                fields=("job", "slot", "scheduled_for", "attempt"),
                name="chroniker_log_one_per_occurrence",
            ),
        ),
        migrations.AddField(
            model_name="jobhost",
            name="job",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="hosts",
                to="chroniker.job",
            ),
        ),
        migrations.AddIndex(
            model_name="jobhost",
            index=models.Index(fields=["hostname", "next_run"], name="chroniker_jobhost_due"),
        ),
        migrations.AddConstraint(
            model_name="jobhost",
            constraint=models.UniqueConstraint(
                fields=("job", "hostname"), name="chroniker_jobhost_one"
            ),
        ),
    ]
