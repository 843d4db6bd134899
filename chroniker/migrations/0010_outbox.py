import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0009_groups_and_hosts_seen"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="notify_urls",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="One per line: @setting:PATH, @env:NAME or @file:PATH, where the service's URL is kept, or the URL itself, which everyone who may view the job can read then.",
                verbose_name="services to notify",
            ),
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("run_started", "Started"),
                            ("run_succeeded", "Succeeded"),
                            ("run_failed", "Failed"),
                            ("run_timed_out", "Timed out"),
                            ("run_lost", "Lost"),
                            ("run_recovered", "Recovered"),
                            ("run_missed", "Did not run in time"),
                            ("run_too_long", "Takes too long"),
                            ("run_too_short", "Was too short"),
                            ("host_silent", "Host is silent"),
                            ("scheduler_silent", "Scheduler is silent"),
                            ("test", "Test"),
                        ],
                        editable=False,
                        max_length=20,
                        verbose_name="event",
                    ),
                ),
                (
                    "hostname",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=700,
                        verbose_name="hostname",
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="What happened, once and for all: the database refuses a second row.",
                        max_length=200,
                        null=True,
                        unique=True,
                    ),
                ),
                (
                    "details",
                    models.JSONField(
                        blank=True, default=dict, editable=False, verbose_name="details"
                    ),
                ),
                (
                    "created",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="noted"
                    ),
                ),
                (
                    "expanded",
                    models.DateTimeField(
                        blank=True, db_index=True, editable=False, null=True, verbose_name="decided"
                    ),
                ),
                (
                    "decision",
                    models.TextField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="Why nobody, or not everybody, was told.",
                        verbose_name="decision",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="notifications",
                        to="chroniker.job",
                        verbose_name="job",
                    ),
                ),
                (
                    "log",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="notifications",
                        to="chroniker.log",
                        verbose_name="log",
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(editable=False, max_length=50, verbose_name="channel"),
                ),
                (
                    "recipient",
                    models.CharField(editable=False, max_length=500, verbose_name="recipient"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("given_up", "Given up"),
                        ],
                        default="pending",
                        editable=False,
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="attempts"),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="next attempt",
                    ),
                ),
                (
                    "error",
                    models.TextField(blank=True, default="", editable=False, verbose_name="error"),
                ),
                ("token", models.CharField(blank=True, editable=False, max_length=32, null=True)),
                (
                    "sent_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="sent"
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="chroniker.notification",
                        verbose_name="notification",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["status", "due_at"], name="chroniker_delivery_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("notification", "channel", "recipient"),
                        name="chroniker_delivery_once",
                    )
                ],
            },
        ),
    ]
