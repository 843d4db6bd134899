"""The tables of 1.x, under the name its first migration had."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import chroniker.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.AutoField(
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
                    "frequency",
                    models.CharField(
                        choices=[
                            ("YEARLY", "Yearly"),
                            ("MONTHLY", "Monthly"),
                            ("WEEKLY", "Weekly"),
                            ("DAILY", "Daily"),
                            ("HOURLY", "Hourly"),
                            ("MINUTELY", "Minutely"),
                            ("SECONDLY", "Secondly"),
                            ("CRON", "Cron expression"),
                            ("ONCE", "Once"),
                            ("MANUAL", "Only by hand"),
                        ],
                        default="DAILY",
                        max_length=10,
                        verbose_name="frequency",
                    ),
                ),
                (
                    "params",
                    models.TextField(
                        blank=True,
                        help_text="Parameters of the frequency as name:value pairs, for instance interval:15 or byweekday:MO,WE,FR;byhour:9;byminute:0;bysecond:0.",
                        null=True,
                        verbose_name="params",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "command",
                    models.CharField(
                        blank=True,
                        help_text="A management command.",
                        max_length=200,
                        verbose_name="command",
                    ),
                ),
                (
                    "args",
                    models.CharField(
                        blank=True,
                        help_text="Arguments as on the command line, for instance --days=5 'two words'. {scheduled_for:%Y-%m-%d} stands for the time the run was scheduled for.",
                        max_length=200,
                        verbose_name="args",
                    ),
                ),
                (
                    "raw_command",
                    models.CharField(
                        blank=True,
                        help_text="A program and its arguments, run without a shell.",
                        max_length=1000,
                        null=True,
                        verbose_name="raw command",
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        blank=True, default=True, help_text="A disabled job never runs."
                    ),
                ),
                ("email_errors_to_subscribers", models.BooleanField(blank=True, default=True)),
                ("email_success_to_subscribers", models.BooleanField(blank=True, default=False)),
                (
                    "timeout_seconds",
                    models.PositiveIntegerField(
                        default=0, help_text="A run that takes longer is ended. 0: no limit."
                    ),
                ),
                (
                    "hostname",
                    models.CharField(
                        blank=True,
                        help_text=chroniker.models.hostname_help_text_setter,  # type: ignore[arg-type]
                        max_length=700,
                        null=True,
                        verbose_name="target hostname",
                    ),
                ),
                (
                    "is_monitor",
                    models.BooleanField(
                        blank=True,
                        default=False,
                        help_text="It checks a condition: text on stderr means that attention is needed.",
                    ),
                ),
                (
                    "monitor_url",
                    models.CharField(
                        blank=True,
                        help_text="Where the records that need attention are; a Django template.",
                        max_length=255,
                        null=True,
                    ),
                ),
                (
                    "monitor_error_template",
                    models.TextField(
                        blank=True,
                        default='\nThe monitor "{{ job.name }}" found something that needs attention:\n\n{{ url }}\n\n{{ job.monitor_description_safe }}\n\n{{ stderr }}\n',
                        help_text="The mail about records that need attention; knows job, stderr and url.",
                        null=True,
                    ),
                ),
                ("monitor_description", models.TextField(blank=True, null=True)),
                ("monitor_records", models.IntegerField(blank=True, editable=False, null=True)),
                (
                    "maximum_log_entries",
                    models.PositiveIntegerField(
                        default=1000, help_text="How many logs are kept. 0: all."
                    ),
                ),
                (
                    "log_stdout",
                    models.BooleanField(blank=True, default=True, help_text="Keep what it prints."),
                ),
                (
                    "log_stderr",
                    models.BooleanField(
                        blank=True, default=True, help_text="Keep what it prints to stderr."
                    ),
                ),
                (
                    "subscribers",
                    models.ManyToManyField(
                        blank=True, related_name="subscribed_jobs", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Monitor",
            fields=[],
            options={
                "verbose_name": "monitor",
                "verbose_name_plural": "monitors",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("chroniker.job",),
        ),
        migrations.CreateModel(
            name="JobDependency",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "wait_for_completion",
                    models.BooleanField(
                        default=True, help_text="The job waited for must not be running."
                    ),
                ),
                (
                    "wait_for_success",
                    models.BooleanField(
                        default=True,
                        help_text="The last run of the job waited for must have succeeded.",
                    ),
                ),
                (
                    "wait_for_next_run",
                    models.BooleanField(
                        default=True,
                        help_text="The job waited for must not be due before the waiting one.",
                    ),
                ),
                (
                    "dependee",
                    models.ForeignKey(
                        help_text="The job that is waited for.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dependents",
                        to="chroniker.job",
                    ),
                ),
                (
                    "dependent",
                    models.ForeignKey(
                        help_text="The job that waits.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dependencies",
                        to="chroniker.job",
                    ),
                ),
            ],
            options={
                "verbose_name": "job dependency",
                "verbose_name_plural": "job dependencies",
                "unique_together": {("dependent", "dependee")},
            },
        ),
        migrations.CreateModel(
            name="Log",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "run_start_datetime",
                    models.DateTimeField(
                        db_index=True,
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="run start",
                    ),
                ),
                (
                    "run_end_datetime",
                    models.DateTimeField(
                        blank=True, db_index=True, editable=False, null=True, verbose_name="run end"
                    ),
                ),
                (
                    "duration_seconds",
                    models.PositiveIntegerField(
                        blank=True,
                        db_index=True,
                        editable=False,
                        null=True,
                        verbose_name="duration (total seconds)",
                    ),
                ),
                ("stdout", models.TextField(blank=True, verbose_name="stdout")),
                ("stderr", models.TextField(blank=True, verbose_name="stderr")),
                (
                    "hostname",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=700,
                        null=True,
                        verbose_name="hostname",
                    ),
                ),
                (
                    "success",
                    models.BooleanField(
                        db_index=True, default=True, editable=False, verbose_name="success"
                    ),
                ),
                (
                    "on_time",
                    models.BooleanField(
                        db_index=True,
                        default=True,
                        editable=False,
                        help_text="False if the run was ended because it took too long.",
                        verbose_name="on time",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="logs",
                        to="chroniker.job",
                        verbose_name="job",
                    ),
                ),
            ],
            options={
                "verbose_name": "log",
                "verbose_name_plural": "logs",
                "ordering": ("-run_start_datetime",),
            },
        ),
    ]
