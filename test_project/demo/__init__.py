"""The demonstration that ``bin/demo`` runs: jobs of every kind, an admin, a scheduler."""

from pathlib import Path

ADMIN_NAME = "demo"
ADMIN_PASSWORD = "demo"

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = ROOT / "test_project" / "manage.py"
