"""Give the logs of 1.x the status that their two flags say."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def fill_status(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    logs = apps.get_model("chroniker", "Log").objects.using(schema_editor.connection.alias)
    unknown = logs.filter(status__isnull=True)
    unknown.filter(success=True).update(status="succeeded")
    unknown.filter(success=False, on_time=True).update(status="failed")
    unknown.filter(success=False, on_time=False).update(status="timed_out")


class Migration(migrations.Migration):
    dependencies = [("chroniker", "0006_claims_and_outcomes")]

    operations = [migrations.RunPython(fill_status, migrations.RunPython.noop, elidable=True)]
