# mypy: ignore-errors
# ruff: noqa: PT009, PT027 - unittest, as projects have it
"""Tests as projects have them for their jobs, written for 1.x; run by ``test_dropin``.

As a project would run them: ``manage.py test``, on an SQLite database in memory, inside a
``TestCase``. Nothing in here knows of 2.0.
"""

from datetime import timedelta
from unittest import mock

from django.core import mail
from django.core.management import call_command
from django.db.models import F
from django.test import TestCase, TransactionTestCase
from django.utils import timezone

from chroniker.models import Job, JobDependency, Log, Monitor, get_current_job

PAST = timedelta(minutes=5)


def make_job(**values):
    values = {"name": "job", "frequency": "DAILY", "command": "succeed"} | values
    values.setdefault("next_run", timezone.now() - PAST)
    return Job.objects.create(**values)


class Habits:
    def test_cron_in_this_process(self):
        job = make_job()

        call_command("cron", update_heartbeat=0, sync=1)

        log = job.logs.all()[0]
        self.assertTrue(log.success)
        self.assertEqual(log.stdout, "All is well.\n")
        self.assertEqual(log.stderr, "")
        self.assertTrue(log.on_time)
        self.assertLess(abs(timezone.now() - log.run_start_datetime), timedelta(minutes=1))
        job = Job.objects.get(id=job.id)
        self.assertFalse(job.is_running)
        self.assertTrue(job.last_run_successful)
        self.assertFalse(job.is_due())
        self.assertGreater(job.next_run, timezone.now())
        self.assertEqual(job.last_run, log.run_start_datetime)

    def test_cron_without_sync(self):
        make_job()
        call_command("cron", update_heartbeat=0)
        self.assertEqual(Log.objects.filter(success=True).count(), 1)

    def test_cron_with_a_heartbeat(self):
        make_job()
        call_command("cron", sync=1)
        call_command("cron")
        self.assertEqual(Log.objects.filter(success=True).count(), 1)

    def test_cron_again_and_again(self):
        job = make_job()
        for _ in range(3):
            call_command("cron", update_heartbeat=0, sync=1)
            Job.objects.update(next_run=timezone.now() - PAST)
        self.assertEqual(job.logs.count(), 3)

    def test_a_failing_command(self):
        job = make_job(command="fail")
        call_command("cron", update_heartbeat=0, sync=1)
        log = Log.objects.get()
        self.assertFalse(log.success)
        self.assertIn("RuntimeError", log.stderr)
        self.assertIn("About to fail.", log.stdout)
        self.assertIs(Job.objects.get(id=job.id).last_run_successful, False)

    def test_text_on_stderr_is_a_failure(self):
        make_job(command="warn_on_stderr")
        call_command("cron", update_heartbeat=0, sync=1)
        self.assertFalse(Log.objects.get().success)

    def test_a_raw_command(self):
        make_job(command="", raw_command="echo 'two words'")
        call_command("cron", update_heartbeat=0)
        self.assertEqual(Log.objects.get().stdout, "two words\n")

    def test_run_job(self):
        job, other = make_job(next_run=timezone.now() + PAST), make_job(name="other")
        call_command("run_job", job.id, update_heartbeat=0)
        call_command("run_job", str(other.id), str(job.id), update_heartbeat=0)
        self.assertEqual((job.logs.count(), other.logs.count()), (2, 1))

    def test_job_run(self):
        job = make_job()
        self.assertTrue(job.run(update_heartbeat=0))
        self.assertFalse(job.run(update_heartbeat=0))
        self.assertTrue(job.run(force_run=True, update_heartbeat=0))
        self.assertTrue(job.run(True, True))
        self.assertEqual(job.logs.count(), 3)

    def test_handle_run(self):
        job = make_job(enabled=False)
        job.handle_run(update_heartbeat=0)
        job.handle_run(False, stdout_queue=None, stderr_queue=None)
        self.assertEqual(job.logs.filter(success=True).count(), 2)

    def test_dependencies(self):
        first, second = make_job(name="z"), make_job(name="a")
        JobDependency.objects.create(dependent=second, dependee=first)
        self.assertEqual(
            [one.name for one in Job.objects.due_with_met_dependencies_ordered()], ["z"]
        )
        call_command("cron", update_heartbeat=0, sync=1)
        call_command("cron", update_heartbeat=0, sync=1)
        self.assertEqual((first.logs.count(), second.logs.count()), (1, 1))

    def test_stale_jobs(self):
        job = make_job()
        job.mark_running()
        self.assertTrue(Job.objects.get(id=job.id).is_running)
        self.assertTrue(job.check_is_running())
        self.assertFalse(job.is_stale())
        self.assertTrue(job.is_fresh())
        Job.objects.update(last_heartbeat=F("last_heartbeat") - timedelta(minutes=10))
        self.assertTrue(job.is_stale())
        self.assertEqual(list(Job.objects.stale()), [job])
        Job.objects.end_all_stale()
        job = Job.objects.get(id=job.id)
        self.assertFalse(job.is_running or job.is_stale())
        self.assertEqual(job.logs.count(), 1)

    def test_marking_by_hand(self):
        job = make_job()
        job.mark_running(lock_file="/nowhere/lock")
        self.assertEqual(job.lock_file, "/nowhere/lock")
        self.assertFalse(job.is_due())
        call_command("cron", update_heartbeat=0, sync=1)
        job = Job.objects.get(id=job.id)
        self.assertTrue(job.is_running)
        self.assertEqual(job.logs.count(), 0)
        job.is_running = False
        job.save()
        self.assertTrue(job.is_due())

    def test_logs_are_trimmed(self):
        job = make_job(maximum_log_entries=3)
        for _ in range(5):
            job.handle_run(update_heartbeat=0)
        self.assertEqual(job.logs.count(), 3)
        Log.cleanup(time_ago=timezone.now() - timedelta(days=1))
        self.assertEqual(job.logs.count(), 3)
        Log.cleanup()
        self.assertEqual(job.logs.count(), 0)

    def test_progress(self):
        job = make_job(command="report_progress", args="5")
        job.run(update_heartbeat=0)
        job = Job.objects.get(id=job.id)
        self.assertEqual((job.total_parts_complete, job.total_parts), (5, 5))
        self.assertEqual(job.progress_percent_str(), "100%")
        Job.update_progress(total_parts=9, total_parts_complete=1)
        self.assertEqual(Job.objects.get(id=job.id).total_parts, 5)
        self.assertIsNone(get_current_job())

    def test_several_jobs_in_one_process_each_have_their_own_progress(self):
        jobs = [make_job(name=str(n), command="report_progress", args=str(n)) for n in (2, 3)]
        call_command("run_job", *[job.id for job in jobs], update_heartbeat=0)
        self.assertEqual(list(Job.objects.values_list("total_parts", flat=True)), [2, 3])

    def test_force_run(self):
        later = timezone.now() + timedelta(days=3)
        job = make_job(next_run=later)
        job.force_run = True
        job.save()
        call_command("cron", update_heartbeat=0, sync=1)
        job = Job.objects.get(id=job.id)
        self.assertEqual((job.logs.count(), job.force_run, job.next_run), (1, False, later))

    def test_patched_settings(self):
        job = make_job()
        job.mark_running()
        Job.objects.update(last_heartbeat=timezone.now() - timedelta(minutes=10))
        with mock.patch("chroniker.settings.CHRONIKER_STALE_MINUTES", 20):
            self.assertFalse(job.is_stale())
        self.assertTrue(job.is_stale())
        Job.objects.update(is_running=False, claim_token=None)

    def test_mail(self):
        from django.contrib.auth import get_user_model

        user = get_user_model().objects.create_user("ann", "ann@example.com", is_staff=True)
        make_job(command="fail").subscribers.add(user)
        call_command("cron", update_heartbeat=0, sync=1)
        self.assertEqual([one.subject for one in mail.outbox], ["Error: job"])

    def test_monitors(self):
        make_job(is_monitor=True, command="watch_users")
        call_command("cron", update_heartbeat=0, sync=1)
        self.assertEqual([one.name for one in Monitor.objects.all()], ["job"])

    def test_arguments(self):
        job = make_job(command="echo_args", args="word number=5 --flag --text='a b'")
        self.assertEqual(job.get_args(), (["word", "--flag", "--text=a b"], {"number": "5"}))
        job.run(update_heartbeat=0)
        self.assertIn('"number": 5', Log.objects.get().stdout)

    def test_schedule_of_the_model(self):
        job = make_job(params="byweekday:TU,WE;interval:2")
        self.assertEqual(job.get_params(), {"byweekday": [1, 2], "interval": 2})
        self.assertEqual(job.get_rrule()._interval, 2)
        self.assertEqual(job.rrule._byweekday, (1, 2))
        self.assertEqual(job.param_to_int("SU"), 6)
        with self.assertRaises(ValueError):
            job.param_to_int("XX")

    def test_log_duration(self):
        make_job().run(update_heartbeat=0)
        log = Log.objects.get()
        self.assertEqual(log.duration_str(), "00:00:00:00")
        self.assertEqual(log.duration_seconds, 0)


class InATestCase(Habits, TestCase):
    pass


class InATransactionTestCase(Habits, TransactionTestCase):
    pass
