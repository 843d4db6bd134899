from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0015_drains_and_shells"),
    ]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="installation",
                    ),
                ),
                ("adopted_at", models.DateTimeField(blank=True, null=True, verbose_name="adopted")),
                (
                    "adopted_by",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=150, verbose_name="by"
                    ),
                ),
                (
                    "refused",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="held installation",
                    ),
                ),
                (
                    "refused_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="held since"),
                ),
                (
                    "refused_on",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="held on",
                    ),
                ),
            ],
            options={
                "verbose_name": "installation",
                "verbose_name_plural": "installations",
                "permissions": (("adopt_installation", "Can adopt the installation"),),
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="job",
            name="code_fields",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="code_key",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="What code calls this job that declares it; its name may change.",
                max_length=150,
                null=True,
                unique=True,
                verbose_name="declared as",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="code_retired_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When it was disabled because no code declares it any more.",
                null=True,
                verbose_name="gone from code",
            ),
        ),
    ]
