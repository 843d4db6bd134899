from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0008_rules_around_a_run"),
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
                ),
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
            },
        ),
        migrations.AddField(
            model_name="host",
            name="last_tick",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When a scheduler has last looked for due jobs there.",
                null=True,
                verbose_name="last tick",
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="tick_seconds",
            field=models.PositiveIntegerField(
                db_default=60,
                default=60,
                editable=False,
                help_text="Learned from the ticks themselves.",
                verbose_name="seconds between ticks",
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="version",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="The scheduler's version of django-chroniker.",
                max_length=32,
                verbose_name="version",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="description",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="What it is for, and what to do when it fails.",
                verbose_name="description",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="group",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Jobs of the same group are found together, for instance billing.",
                max_length=100,
                verbose_name="group",
            ),
        ),
        migrations.AlterField(
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
                editable=False,
                max_length=12,
                null=True,
                verbose_name="status",
            ),
        ),
        migrations.AddIndex(
            model_name="log",
            index=models.Index(
                fields=["status", "-run_start_datetime"], name="chroniker_log_status"
            ),
        ),
        migrations.AddIndex(
            model_name="log",
            index=models.Index(
                fields=["trigger", "-run_start_datetime"], name="chroniker_log_trigger"
            ),
        ),
    ]
