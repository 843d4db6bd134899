"""Monitors by model and lookups in the admin: the list, its links, and who may make one."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth.models import Permission, User

from chroniker.constants import Status
from chroniker.models import Job
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
    pytest.mark.breaks_invariants("logs are made by hand"),
]

LIST = "/chroniker/monitor/"

# The list


def monitor(args: str, **values: object) -> Job:
    return rows.job("orphans", command="check_monitor", args=args, is_monitor=True, **values)


def outward_link(page: Page) -> str | None:
    found = [values["href"] for tag, values in page.tags if tag == "a" and "rel" in values]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("args", "filters"),
    [
        (
            "--filter=email= --filter=is_active=yes",
            {"email__exact": "", "is_active__exact": "True"},
        ),
        ("--filter=id__range=3,7", {"id__gte": "3", "id__lte": "7"}),
        ("--filter=username__in=ann,bob", {"username__in": "ann,bob"}),
        ("--filter='{\"last_login\": null}'", {"last_login__isnull": "True"}),
        ("--filter=groups=1", {"groups__exact": "1"}),
        ("--filter=is_staff=1 --exclude=username=ann", {"is_staff__exact": "True"}),
        # The list does not take these.
        ("--filter=groups__name__startswith=x --filter=is_staff=1", {}),
        ("", {}),
    ],
)
def test_the_name_leads_to_the_list_of_the_rows_that_it_counts(
    args: str, filters: dict[str, str]
) -> None:
    monitor(f"--model=auth.User {args}")
    browser = people.browser("superuser")
    link = outward_link(browser.open(LIST))
    assert link is not None
    assert urlsplit(link).path == "/auth/user/"
    assert dict(parse_qsl(urlsplit(link).query, keep_blank_values=True)) == filters
    assert browser.client.get(link).status_code == 200


def test_relative_times_in_that_link_are_those_of_now() -> None:
    User.objects.create_user("bob")
    monitor("--model=auth.User --filter=date_joined__lt=-1h")
    browser = people.browser("superuser")
    User.objects.filter(username="bob").update(
        date_joined=to_stored(database_now("default") - timedelta(hours=2))
    )
    link = outward_link(browser.open(LIST))
    assert link is not None
    page = browser.open(link)
    assert page.links_called("bob")
    assert not page.links_called("superuser")


@pytest.mark.parametrize(
    "args",
    [
        *("--function=broken", "--model=auth.Nothing", "--model=auth.User --filter=x=1", "'open"),
        *("--model=contenttypes.ContentType", "--threshold=x", "--model=auth.User --of-last=9"),
    ],
)
def test_without_a_list_there_is_no_link(args: str) -> None:
    made = monitor("")
    Job.objects.filter(pk=made.pk).update(args=args)
    page = people.browser("superuser").open(LIST)
    assert page.says("orphans")
    assert outward_link(page) is None


def test_an_address_of_its_own_comes_first() -> None:
    monitor("--model=auth.User", monitor_url="/elsewhere/")
    assert outward_link(people.browser("superuser").open(LIST)) == "/elsewhere/"


def test_the_address_for_the_mail_is_the_same() -> None:
    job = monitor("--model=auth.User --filter=email=")
    assert job.monitor_url_rendered == "/auth/user/?email__exact="
    job.is_monitor = False
    assert job.monitor_url_rendered is None


def test_the_last_checks_are_bars_with_what_they_found() -> None:
    job = monitor("--model=auth.User --threshold=10 --of-last=2/3")
    now = database_now("default")
    for hours, number in ((4, 3), (3, 12), (2, 7), (1, 25)):
        bad = number == 25
        rows.log(
            job,
            run_start_datetime=to_stored(now - timedelta(hours=hours)),
            monitor_records=number,
            status=Status.FAILED if bad else Status.SUCCEEDED,
        )
    Job.objects.filter(pk=job.pk).update(
        last_run_successful=False,
        monitor_records=25,
        last_success=to_stored(now - timedelta(hours=2)),
    )
    page = people.browser("superuser").open(LIST)
    titles = [line for line in page.html.split("<title>")[1:] if "chroniker" not in line[:60]]
    assert [title.split("</title>")[0].split(", ")[-1] for title in titles][-4:] == [
        *("3", "12", "7", "25")
    ]
    assert page.says("alarm above 10")
    assert page.says("2 of the last 3 bad, alarms at 2")
    assert page.says("since ")


def test_since_when_it_needs_attention_is_its_first_failure_after_the_last_success() -> None:
    job = rows.job("orphans", is_monitor=True)
    now = database_now("default")
    for day, good in ((2, False), (3, True), (4, False), (5, False)):
        rows.log(
            job,
            run_start_datetime=to_stored(now.replace(month=1, day=day, hour=0)),
            status=Status.SUCCEEDED if good else Status.FAILED,
        )
    last_success = to_stored(now.replace(month=1, day=3, hour=0))
    Job.objects.filter(pk=job.pk).update(last_run_successful=False, last_success=last_success)
    page = people.browser("superuser").open(LIST)
    assert page.says(f"since Jan. 4, {now.year}")
    Job.objects.filter(pk=job.pk).update(last_success=None)
    assert people.browser("viewer").open(LIST).says(f"since Jan. 2, {now.year}")
    Job.objects.filter(pk=job.pk).update(last_run_successful=True)
    assert not people.browser("operator").open(LIST).says("since Jan.")


def test_a_monitors_own_page_shows_its_checks() -> None:
    job = monitor("--model=auth.User", monitor_description="People in the dark.")
    rows.log(job, monitor_records=4)
    page = people.browser("viewer").open(f"{LIST}{job.pk}/change/")
    assert page.says("alarm above 0")
    assert "<title>" in page.html.partition("chroniker-runs")[2]
    assert people.browser("operator").open(LIST).says("People in the dark.")


# Who may let a monitor look at what

ARGS = "--model=auth.User --filter=groups__name=staff"


def editor(*codenames: str) -> Browser:
    user = people.user("editor", "run_job", *([] if not codenames else ["view_output"]))
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return Browser(user)


def saved(browser: Browser, job: Job, **fields: str) -> Page:
    page = browser.open(f"/chroniker/job/{job.pk}/change/")
    return browser.submit(page, "job_form", **fields)


@pytest.mark.parametrize(
    ("codenames", "refused"),
    [
        ((), "invalid choice"),
        (("view_user",), "You may not view auth.Group, so"),
        (("view_user", "change_group"), None),
    ],
)
def test_only_what_the_editor_may_view_can_be_asked_about(
    codenames: tuple[str, ...], refused: str | None
) -> None:
    job = rows.job("orphans")
    page = saved(editor(*codenames), job, command="check_monitor", args=ARGS)
    assert (rows.fresh(job).args == ARGS) == (refused is None)
    assert refused is None or page.says(refused)


def test_who_may_not_view_it_may_neither_subscribe_people_nor_run_it_with_other_arguments() -> None:
    job = monitor("--model=auth.Group")
    browser = editor("view_user")
    reader = User.objects.create_user("reader", is_staff=True)
    page = saved(browser, job, subscribers=str(reader.pk))
    assert page.says("invalid choice")
    assert not rows.fresh(job).subscribers.exists()
    for field in ("ping_url", "notify_urls"):
        page = saved(browser, job, **{field: "https://example.com/elsewhere"})
        assert page.says("invalid choice")
        assert not getattr(rows.fresh(job), field)
    page = browser.open(f"/chroniker/job/{job.pk}/run-with/")
    browser.submit(page, "run-with", args="--model=auth.Group --threshold=3")
    assert not rows.fresh(job).force_run
    saved(browser, job, name="renamed")
    assert rows.fresh(job).name == "renamed"


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ("--model=auth.User --filter=usrname=x", "no field 'usrname' (did you mean username?)"),
        ("--model=auth.User --filter=username__regex=x", "regular expressions"),
        ("--function='inactive people'", "You need the permission auth.view_user"),
        ("--imports=os --query=1", "CHRONIKER_ALLOW_EVAL"),
        ("", "either --model"),
        # What the job is called can be changed later by who need not be asked then.
        ("--model=auth.User --filter={job_name}=x", "--filter: this is not JSON"),
    ],
)
def test_a_monitor_that_cannot_be_checked_is_refused_on_save(args: str, fault: str) -> None:
    job = rows.job("username")
    viewer = "view_group" if "--function" in args else "view_user"
    page = saved(editor(viewer), job, command="check_monitor", args=args)
    assert page.says(fault) or page.says("invalid choice: 'inactive people'")
    assert rows.fresh(job).command == "succeed"


def test_the_fields_offer_what_the_editor_may_view() -> None:
    answer = editor("view_user", "view_session").post(
        "/chroniker/job/command/", command="check_monitor", args="--model=auth.User"
    )
    html = answer.json()["html"]
    assert '<option value="auth.User" selected>' in html
    assert "auth.Group" not in html
    assert "sessions.Session" not in html
    assert "queue_length" in html
    assert answer.json()["fault"] == ""


def test_people_can_be_told_of_a_job_whose_stored_arguments_are_faulty() -> None:
    job = rows.job("old")
    Job.objects.filter(pk=job.pk).update(args="--no-such-option")
    reader = User.objects.create_user("reader", is_staff=True)
    saved(editor(), job, subscribers=str(reader.pk))
    assert rows.fresh(job).subscribers.get() == reader
