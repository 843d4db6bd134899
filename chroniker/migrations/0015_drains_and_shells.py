from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0014_expectations_and_tallies"),
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
                    ("use_shell", "Can let raw command of job use a shell"),
                    ("pause_jobs", "Can pause jobs"),
                    ("silence_jobs", "Can acknowledge and snooze errors of jobs"),
                ),
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
            },
        ),
        migrations.AddField(
            model_name="host",
            name="drained_by",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=150,
                verbose_name="drained by",
            ),
        ),
        migrations.AddField(
            model_name="host",
            name="drained_until",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Until then nothing new starts there; for a deploy.",
                null=True,
                verbose_name="drained until",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="shell",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The raw command is a line of this shell. Empty: it is run without one.",
                max_length=100,
                verbose_name="shell",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="raw_command",
            field=models.CharField(
                blank=True,
                help_text="A program and its arguments, run without a shell unless one is chosen.",
                max_length=1000,
                null=True,
                verbose_name="raw command",
            ),
        ),
    ]
