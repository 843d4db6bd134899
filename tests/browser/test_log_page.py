"""The page of a log in a browser: output as it comes, the rest on demand, and finding in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Locator, Page, expect

from chroniker.constants import MANUAL, Status
from chroniker.models import Log
from tests.admin import rows
from tests.browser.conftest import Visitor, Visitors
from tests.running import Manage, due_job, wait_until

LONG = "".join(f"line {number} of many\n" for number in range(20_000))


def address(log: Log) -> str:
    return f"/chroniker/log/{log.pk}/change/"


def pane(page: Page, stream: str) -> Locator:
    return page.locator(f"[data-stream={stream}] .chroniker-output")


def is_at_end(of: Locator) -> bool:
    place: bool = of.evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight < 4")
    return place


def in_view(page: Page, name: str) -> list[str]:
    """The texts that are highlighted as such, and seen within their pane."""
    found: list[str] = page.evaluate(
        """name => [...CSS.highlights.get(name) ?? []].filter(range => {
            const around = range.startContainer.parentElement.closest(".chroniker-output");
            const [here, there] = [range, around].map(each => each.getBoundingClientRect());
            return here.top >= there.top && here.bottom <= there.bottom;
        }).map(String)""",
        name,
    )
    return found


class Printing:
    """A job that prints what it is told to, in a run that really goes on."""

    def __init__(self, manage: Manage, pipe: Path) -> None:
        os.mkfifo(pipe)
        job = due_job("", raw_command=f"cat {pipe}", name="printing")
        manage.start("cron")
        self._pipe: IO[str] = pipe.open("w", encoding="utf-8")  # waits for the job to read
        self.log = Log.objects.get(job=job)

    def say(self, text: str) -> None:
        self._pipe.write(text)
        self._pipe.flush()

    def end(self) -> None:
        self._pipe.close()


@pytest.fixture
def printing(manage: Manage, tmp_path: Path) -> Iterator[Printing]:
    made = Printing(manage, tmp_path / "pipe")
    yield made
    made.end()


def test_a_run_is_followed_to_its_end(visitor: Visitor, printing: Printing) -> None:
    page = visitor.open(address(printing.log))
    stdout = pane(page, "stdout")
    expect(page.locator("#chroniker-state-line")).to_contain_text("Running")
    expect(stdout).to_be_hidden()

    printing.say("one\n\x1b[31mtw")
    expect(stdout).to_have_text("one\ntw")
    printing.say("o\x1b[0m\n<three>\n")
    expect(stdout).to_have_text("one\ntwo\n<three>\n")
    expect(stdout.locator(".chroniker-red")).to_have_text("two")
    visitor.picture("log-running")

    printing.end()
    expect(page.locator("#chroniker-ended")).to_have_text("The run has ended.")
    expect(page.locator("#chroniker-state-line")).to_contain_text("Succeeded")
    expect(page.get_by_label("Follow")).to_be_hidden()
    expect(stdout).to_have_text("one\ntwo\n<three>\n")
    expect(page.locator(".field-exit_code .readonly")).to_have_text("0")
    assert visitor.faults_for_some() == []


def test_the_newest_lines_are_in_view_unless_somebody_reads(
    visitor: Visitor, printing: Printing
) -> None:
    page = visitor.open(address(printing.log))
    stdout, follow = pane(page, "stdout"), page.get_by_label("Follow")
    printing.say("".join(f"line {number}\n" for number in range(300)))
    expect(stdout).to_contain_text("line 299")
    assert is_at_end(stdout)

    stdout.evaluate("e => { e.scrollTop = 100; }")
    expect(follow).not_to_be_checked()
    printing.say("more\n")
    expect(stdout).to_contain_text("more")
    assert stdout.evaluate("e => e.scrollTop") == 100

    follow.check()
    assert is_at_end(stdout)
    printing.say("".join(f"again {number}\n" for number in range(300)))
    expect(stdout).to_contain_text("again 299")
    assert is_at_end(stdout)


def test_a_pause_keeps_the_page_still(visitor: Visitor, printing: Printing) -> None:
    page = visitor.open(address(printing.log))
    stdout = pane(page, "stdout")
    printing.say("one\n")
    expect(stdout).to_have_text("one\n")

    page.get_by_label("Pause").check()
    printing.say("two\n")
    wait_until(lambda: "two" in Log.objects.get().stdout)
    with page.expect_response(re.compile("/live/")):
        pass
    expect(stdout).to_have_text("one\n")
    page.get_by_label("Pause").uncheck()
    expect(stdout).to_have_text("one\ntwo\n")

    page.get_by_label("Pause").check()
    printing.say("three\n")
    printing.end()
    expect(page.locator("#chroniker-ended")).to_contain_text("The run has ended.")
    expect(stdout).to_have_text("one\ntwo\n")
    page.get_by_role("link", name="Show all of its output").click()
    expect(stdout).to_have_text("one\ntwo\nthree\n")


def test_output_whose_beginning_is_gone_is_read_on(visitor: Visitor, printing: Printing) -> None:
    page = visitor.open(address(printing.log))
    stdout = pane(page, "stdout")
    for start in range(0, 20_000, 4000):
        printing.say("".join(f"line {number}\n" for number in range(start, start + 4000)))
        expect(stdout).to_contain_text(f"line {start + 3999}\n")
    assert "line 100\n" not in Log.objects.get().stdout
    lines = (stdout.text_content() or "").splitlines()
    assert lines == [f"line {number}" for number in range(20_000)]

    printing.end()
    expect(page.locator("#chroniker-ended")).to_have_text("The run has ended.")
    expect(stdout).to_contain_text("characters are not shown")
    expect(stdout).to_contain_text("line 0\n")
    assert is_at_end(stdout)


def test_a_page_that_cannot_be_refreshed_says_so(visitor: Visitor, printing: Printing) -> None:
    page = visitor.open(address(printing.log))
    page.route("**/live/**", lambda route: route.abort())
    expect(page.locator("#chroniker-live-note")).to_contain_text("Not live since")
    page.unroute("**/live/**")
    expect(page.locator("#chroniker-live-note")).to_be_hidden()
    visitor.errors.clear()  # the browser tells of each request that failed


def test_who_may_not_read_output_sees_the_run_end(visitors: Visitors, printing: Printing) -> None:
    page = visitors("viewer").open(address(printing.log))
    printing.say("secret")
    printing.end()
    expect(page.locator("#chroniker-ended")).to_have_text("The run has ended.")
    expect(page.locator("#chroniker-state-line")).to_contain_text("Succeeded")
    assert "secret" not in page.content()


# What is not shown at first


def long_log(**values: str) -> Log:
    return rows.log(rows.job(), **{"stdout": LONG, **values})


@pytest.mark.parametrize("button", ["Show what follows", "Show what comes before"])
def test_parts_of_a_long_output_are_shown_on_demand(visitor: Visitor, button: str) -> None:
    page = visitor.open(address(long_log()))
    stdout = pane(page, "stdout")
    gap = stdout.locator(".chroniker-gap-words")
    before = gap.text_content()
    while gap.count():
        page.get_by_role("button", name=button).click()
        expect(gap.filter(has_text=re.compile(f"^{re.escape(before or '')}$"))).to_have_count(0)
        before = gap.text_content() if gap.count() else ""
    assert stdout.text_content() == LONG


def test_all_of_a_long_output_is_shown_on_demand(visitor: Visitor) -> None:
    page = visitor.open(address(long_log()))
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".chroniker-gap")).to_have_count(0)
    assert pane(page, "stdout").text_content() == LONG
    expect(pane(page, "stdout")).to_be_focused()


def test_a_part_that_cannot_be_loaded_can_be_asked_for_again(visitor: Visitor) -> None:
    page = visitor.open(address(long_log()))
    page.route("**/part/**", lambda route: route.abort())
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".chroniker-gap-words")).to_have_text("It could not be loaded; try again.")
    page.unroute("**/part/**")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".chroniker-gap")).to_have_count(0)
    visitor.errors.clear()  # the browser tells of each request that failed


# Finding


def test_matches_are_counted_highlighted_and_gone_through(visitor: Visitor) -> None:
    text = "".join(f"{number}\n" for number in range(500))
    log = rows.log(rows.job(), stdout=f"Er\x1b[31mror one\x1b[0m\n{text}ERROR two", stderr="error")
    page = visitor.open(address(log))
    page.get_by_role("searchbox", name="Find").fill("error")
    found = page.locator("#chroniker-found")
    expect(found).to_have_text("1 of 3")
    assert in_view(page, "chroniker-match-here") == ["error"]
    page.keyboard.press("Enter")
    expect(found).to_have_text("2 of 3")
    assert in_view(page, "chroniker-match-here") == ["Error"]
    page.keyboard.press("Enter")
    assert in_view(page, "chroniker-match-here") == ["ERROR"]
    visitor.picture("log-find")
    page.get_by_role("button", name="Next match").click()
    expect(found).to_have_text("1 of 3")
    page.get_by_role("button", name="Previous match").click()
    expect(found).to_have_text("3 of 3")
    page.get_by_role("searchbox", name="Find").press("Shift+Enter")
    expect(found).to_have_text("2 of 3")
    page.get_by_label("stderr", exact=True).uncheck()
    expect(found).to_have_text("2 of 2")
    page.get_by_role("searchbox", name="Find").fill(".*(")
    expect(found).to_have_text("Not found")
    page.keyboard.press("Escape")
    expect(found).to_have_text("")
    expect(page.get_by_role("searchbox", name="Find")).to_have_value("")


def test_what_is_not_shown_is_not_said_to_be_searched(visitor: Visitor) -> None:
    page = visitor.open(address(long_log()))
    page.get_by_role("searchbox", name="Find").fill("line 10000 ")
    found = page.locator("#chroniker-found")
    expect(found).to_have_text("Not found · Not all of the output is shown.")
    page.get_by_role("button", name="Show all").click()
    expect(found).to_contain_text("of 1")
    page.get_by_role("searchbox", name="Find").fill("line")
    expect(found).to_have_text("1 of more than 2000")


def test_matches_are_found_in_what_comes(visitor: Visitor, printing: Printing) -> None:
    page = visitor.open(address(printing.log))
    printing.say("error\n")
    expect(pane(page, "stdout")).to_be_visible()
    page.get_by_role("searchbox", name="Find").fill("error")
    expect(page.locator("#chroniker-found")).to_have_text("1 of 1")
    printing.say("error\n")
    expect(page.locator("#chroniker-found")).to_have_text("1 of 2")


# How it is shown


def test_streams_can_be_hidden_put_side_by_side_and_left_unwrapped(visitor: Visitor) -> None:
    log = rows.log(rows.job(), stdout="long " * 500, stderr="oh\n")
    page = visitor.open(address(log))
    stdout, stderr = pane(page, "stdout"), pane(page, "stderr")
    is_wide = "e => e.scrollWidth > e.clientWidth"
    assert not stdout.evaluate(is_wide)
    page.get_by_label("Wrap lines").uncheck()
    assert stdout.evaluate(is_wide)
    page.get_by_label("Side by side").check()
    tops = [each.bounding_box()["y"] for each in (stdout, stderr)]  # type: ignore[index]
    assert tops[0] == tops[1]
    visitor.picture("log-side-by-side")
    page.get_by_label("stdout", exact=True).uncheck()
    expect(stdout).to_be_hidden()
    page.reload()
    expect(stdout).to_be_visible()
    expect(page.get_by_label("Wrap lines")).not_to_be_checked()
    expect(page.get_by_label("Side by side")).to_be_checked()


def test_without_scripts_the_page_can_be_read(visitors: Visitors) -> None:
    log = rows.log(rows.job(), stdout=LONG, stderr="oh\n")
    page = visitors("superuser", java_script_enabled=False).open(address(log))
    expect(pane(page, "stdout")).to_contain_text("line 19999")
    expect(page.get_by_role("link", name="Download stdout")).to_be_visible()
    expect(page.get_by_role("button", name="Show all")).to_be_hidden()
    expect(page.get_by_label("Follow")).to_be_hidden()


def failed_run() -> Log:
    """A run with colours, links and long lines that differs from the last good one."""
    job = rows.job("nightly-import-of-everything-that-came-in", max_retries=2, frequency=MANUAL)
    lines = [f"03:00:{number:02} importing part {number}" for number in range(40)]
    rows.log(job, stdout="\n".join([*lines, "40 parts imported"]), arguments="import --all")
    ending = [" 1%\r100%", "x" * 300, "\x1b[1;32mok\x1b[0m \x1b[7minverse\x1b[0m"]
    lines[20] = "\x1b[33m03:00:20 part 20 is late, see https://example.org/parts/20\x1b[0m"
    return rows.log(
        job,
        **{"status": Status.FAILED, "reason": "exited with status 1", "exit_code": 1},
        **{"stdout": "\n".join([*lines[:30], *ending])},
        **{"stderr": "Traceback\n\x1b[31mValueError\x1b[0m: \x1b[41m no \x1b[0m \u202e\n"},
        **{"arguments": "import --all", "hostname": "web1", "attempt": 2, "lateness_ms": 1200},
    )  # fmt: skip


@pytest.mark.parametrize("width", [390, 1400])
def test_the_pages_are_for_everyone(visitors: Visitors, width: int) -> None:
    log = failed_run()
    Log.objects.exclude(pk=log.pk).update(run_start_datetime="2026-01-01T00:00Z")
    visitor = visitors("superuser", viewport={"width": width, "height": 900})
    page = visitor.open(address(log))
    visitor.picture(f"log-{width}")
    assert visitor.faults_for_some() == []
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="stdout")).to_be_visible()
    visitor.picture(f"log-compare-{width}")
    assert visitor.faults_for_some() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_list_is_for_everyone(visitor: Visitor) -> None:
    failed_run()
    visitor.open("/chroniker/log/")
    visitor.picture("log-list")
    assert visitor.faults_for_some() == []
