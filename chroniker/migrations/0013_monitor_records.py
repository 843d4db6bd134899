from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chroniker", "0012_ping_url"),
    ]

    operations = [
        migrations.AddField(
            model_name="log",
            name="monitor_records",
            field=models.IntegerField(
                blank=True,
                editable=False,
                help_text="What a monitor had counted when this run of it ended.",
                null=True,
                verbose_name="monitor records",
            ),
        ),
    ]
