"""The mutation run finds every condition, and takes away one at a time."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.conditions import mutants
from tests.chaos.protocol_tests import EQUIVALENT, TESTS
from tests.running import ROOT

SOURCE = """
class Rows:
    def take(self, job):
        same = Q(at=None) if job.at is None else Q(at=job.at)
        free = self.filter(same, Exists(of(job)), pk=job.pk).idle()
        return free.exclude(Q(a=1) | Q(b=2), **more).update(claimed=True, by=job.get("owner"))

def stopping(rows):
    return [row for row in rows if row.asked and row.fence]
"""

WITHOUT_ONE = {
    "Q(at=None) of a Q": "same = Q() if job.at is None else Q(at=job.at)",
    "Q(at=job.at) of a Q": "same = Q(at=None) if job.at is None else Q()",
    "self.filter(same)": "self.filter(Exists(of(job)), pk=job.pk).idle()",
    "self.filter(Exists(of(job)))": "self.filter(same, pk=job.pk).idle()",
    "self.filter(pk=job.pk)": "self.filter(same, Exists(of(job))).idle()",
    "self.filter(same, Exists(of(job)), pk=job.pk).idle()": "pk=job.pk).all()",
    "free.exclude(Q(a=1) | Q(b=2))": "free.exclude(**more)",
    "free.exclude(**more)": "free.exclude(Q(a=1) | Q(b=2)).update",
    "Q(a=1) of a Q": "free.exclude(Q() | Q(b=2), **more)",
    "Q(b=2) of a Q": "free.exclude(Q(a=1) | Q(), **more)",
    "if(row.asked)": "for row in rows if row.fence]",
    "if(row.fence)": "for row in rows if row.asked]",
}


def test_each_condition_is_taken_away_alone() -> None:
    found = {mutant.condition: mutant for mutant in mutants(SOURCE)}

    assert set(found) == set(WITHOUT_ONE)
    for condition, left in WITHOUT_ONE.items():
        assert left in found[condition].source
        compile(found[condition].source, "mutant", "exec")
    assert found["self.filter(same)"].function == "Rows.take"
    assert found["self.filter(same)"].line == 5


def test_what_the_run_is_told_about_the_package_is_so() -> None:
    known = {
        (module, mutant.function, mutant.condition)
        for module in TESTS
        for mutant in mutants((ROOT / module).read_text())
    }

    assert set(EQUIVALENT) - known == set()
    missing = [test for tests in TESTS.values() for test in tests if not Path(ROOT, test).exists()]
    assert missing == []
