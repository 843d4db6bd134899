"""Jobs that are declared in code, of each kind."""

from __future__ import annotations

from chroniker import scheduled, track


@scheduled(every="1d", at="05:30", timezone="Europe/Berlin", args="people=3")
def greet(word: str = "hello", people: int = 1) -> None:
    """Greets so many people."""
    for number in track(range(people)):
        print(f"{word}, {number + 1}")


@scheduled(cron="*/5 * * * *", depends_on="test_project.samples.jobs.greet")
class CountPeople:
    """A job as a class."""

    def run(self) -> str:
        """Says how many there are."""
        return "3 people"
