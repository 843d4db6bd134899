"""A database of 1.x upgrades by ``migrate``, keeps every value, and can be taken back."""

from __future__ import annotations

import json

import pytest

from tests.upgrade.conftest import Site

# What one of them has made serves the others of its process.
pytestmark = [pytest.mark.upgrade, pytest.mark.xdist_group("upgrade")]

SERVED_BY_ID_ALONE = ("id", "job_id", "user_id", "dependee_id", "dependent_id")

# What a tick makes of what 1.x left behind, as far as it is not simply a success: the status of
# the run it starts (None: none), a word of its reason, and a word of the job's error.
EXPECTED = {
    "plain": (None, "", ""),  # it and "yearly" wait for each other
    "yearly": (None, "", ""),
    "monthly": (None, "", ""),  # and these two wait for them
    "weekly": (None, "", ""),
    "disabled": (None, "", ""),
    "exhausted": (None, "", ""),
    "far future": (None, "", ""),
    "one host": (None, "", ""),
    "long host": (None, "", ""),
    "saved by the original": (None, "", ""),
    "no command": ("failed", "127", ""),
    "apostrophe": ("failed", "", ""),
    "unknown rule key": ("succeeded", "", "byfullmoon"),
    "no frequency": ("succeeded", "", "frequency"),
    "options": ("failed", "", ""),
    "back-slash": ("failed", "", ""),
    "unicode": ("failed", "", ""),
}


def test_every_value_of_every_original_column_survives(site: Site) -> None:
    before, after = site.dumps["before"], site.dumps["after"]
    assert len(before["chroniker_job"]) > 35
    kept = {
        table: {
            key: {column: row[column] for column in before[table][key]} for key, row in rows.items()
        }
        for table, rows in after.items()
    }
    assert kept == before


def test_an_upgraded_database_has_the_columns_of_a_new_one(site: Site, new_site: Site) -> None:
    for table, described in new_site.schema.items():
        upgraded = site.schema[table]["columns"]
        assert set(upgraded) == set(described["columns"])
        differing = {
            name
            for name, column in described["columns"].items()
            if upgraded[name] != column and name not in SERVED_BY_ID_ALONE
        }
        assert differing == set(), table


def test_an_upgraded_database_has_the_indexes_of_a_new_one(site: Site, new_site: Site) -> None:
    for table, described in new_site.schema.items():
        assert site.schema[table]["constraints"] == described["constraints"], table


def test_every_upgraded_row_can_be_shown_and_asked(site: Site) -> None:
    shown = json.loads(site.with_ours("look.py"))
    assert shown["jobs"] >= len(site.dumps["after"]["chroniker_job"])
    assert shown["logs"] >= len(site.dumps["after"]["chroniker_log"])


def test_a_tick_runs_what_is_sound_and_names_what_is_not(site_to_run: Site) -> None:
    site_to_run.with_ours("-m", "django", "cron", allowed=(0, 1))
    results = json.loads(site_to_run.with_ours("results.py"))
    for name, (status, reason, error) in EXPECTED.items():
        assert results[name][0] == status, (name, results[name])
        assert reason in (results[name][1] or ""), (name, results[name])
        assert error in (results[name][2] or ""), (name, results[name])
    others = {name: result[0] for name, result in results.items() if name not in EXPECTED}
    assert len(others) > 15
    unsound = {name: status for name, status in others.items() if status != "succeeded"}
    assert unsound == {}


def test_the_original_can_use_the_tables_after_a_roll_back(site: Site) -> None:
    printed = site.with_original("roll_back.py")
    assert "runs: 2" in printed
    assert "read: True True" in printed
