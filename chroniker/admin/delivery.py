"""Who was told of what, in the admin: read, tried again, and tested, but never written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from chroniker import write_database
from chroniker.admin import audit, display, told
from chroniker.admin.pause_banner import PauseBanner
from chroniker.models import Delivery, DeliveryQuerySet
from chroniker.models.database_clock import database_now
from chroniker.models.delivery import UNSETTLED, Sending
from chroniker.moments import to_stored


class DeliveryAdmin(PauseBanner):
    """Messages to people and services. Who may change them: try again, and ask for a test."""

    list_display = ("what", "job_name", "run", "channel", "to", "state", "noted", "sent", "fault")
    list_display_links = ("what",)
    list_filter = ("status", "channel", "notification__event")
    list_select_related = ("notification__job", "notification__log")
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    search_fields = ("recipient", "notification__job__name")
    show_full_result_count = False
    actions = ("try_again",)
    fields = (
        *("what", "job_name", "run", "channel", "to", "state", "attempts", "noted", "sent"),
        *("next_attempt", "decision", "fault"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ("chroniker/css/admin.css",)}

    # Who may what

    def has_add_permission(self, request: HttpRequest) -> bool:
        """What happens makes them; people do not."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Nobody: it says what was sent."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Nobody: they go with their runs, or after a month."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Who may view or change deliveries: they hold people's addresses."""
        return told.may_view(request)

    def has_send_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        """Whether this person may have something sent."""
        return told.may_send(request)

    # Columns

    @admin.display(description=gettext_lazy("what"))
    def what(self, delivery: Delivery) -> str:
        """What happened."""
        return str(delivery.notification.get_event_display())

    @admin.display(description=gettext_lazy("job"))
    def job_name(self, delivery: Delivery) -> str:
        """Whose run it is about."""
        job = delivery.notification.job
        return display.visible(job.name) if job else display.NOTHING

    @admin.display(description=gettext_lazy("run"))
    def run(self, delivery: Delivery) -> str:
        """The run it is about."""
        log = delivery.notification.log
        if log is None or not self.admin_site.is_registered(type(log)):
            return display.NOTHING
        url = reverse(
            "admin:chroniker_log_change", args=(log.pk,), current_app=self.admin_site.name
        )
        return display.link(url, display.plain_moment(log.run_start_datetime))

    @admin.display(description=gettext_lazy("recipient"))
    def to(self, delivery: Delivery) -> str:
        """Who is told."""
        return display.visible(delivery.recipient)

    @admin.display(description=gettext_lazy("status"))
    def state(self, delivery: Delivery) -> str:
        """How it stands."""
        return told.state(delivery)

    @admin.display(description=gettext_lazy("noted"))
    def noted(self, delivery: Delivery) -> str:
        """When it happened."""
        return display.exact_moment(delivery.notification.created)

    @admin.display(description=gettext_lazy("sent"))
    def sent(self, delivery: Delivery) -> str:
        """When it was sent."""
        return display.exact_moment(delivery.sent_at) or display.NOTHING

    @admin.display(description=gettext_lazy("next attempt"))
    def next_attempt(self, delivery: Delivery) -> str:
        """When it is tried again."""
        waits = delivery.status in UNSETTLED
        return display.exact_moment(delivery.due_at) if waits else display.NOTHING

    @admin.display(description=gettext_lazy("decision"))
    def decision(self, delivery: Delivery) -> str:
        """What was decided about whom to tell."""
        return display.visible(delivery.notification.decision) or display.NOTHING

    @admin.display(description=gettext_lazy("error"))
    def fault(self, delivery: Delivery) -> str:
        """Why it could not be sent."""
        return display.visible(delivery.error) or display.NOTHING

    # What can be done

    @admin.action(description=gettext_lazy("Try selected again now"), permissions=["send"])
    def try_again(self, request: HttpRequest, queryset: DeliveryQuerySet) -> None:
        """Let the next sender try those that were given up or wait; none that was sent."""
        now = to_stored(database_now(write_database.alias()))
        chosen = list(queryset.values_list("pk", flat=True))
        rows = Delivery.objects.using(write_database.alias()).filter(pk__in=chosen)
        rows = rows.filter(status__in=(Sending.GIVEN_UP, Sending.PENDING))
        found = list(rows)
        done = rows.update(status=Sending.PENDING, due_at=now)
        audit.note(request, found, _("Tried again."))
        words = ngettext(
            "%d message is sent by the next tick.", "%d messages are sent by the next tick.", done
        )
        self.message_user(request, words % done, messages.SUCCESS if done else messages.INFO)

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Note a test: it goes to this person by mail, and to every service of the settings."""
        if not self.has_send_permission(request):
            raise PermissionDenied
        told.note_test(request)
        words = _("A test is sent by the next tick. What becomes of it can be seen here.")
        self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(
            reverse("admin:chroniker_delivery_changelist", current_app=self.admin_site.name)
        )

    def get_urls(self) -> list[Any]:
        """With that of the test."""
        view = self.admin_site.admin_view(require_POST(self.test_view))
        return [path("test/", view, name="chroniker_delivery_test"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the button for who may press it."""
        own = {"may_send": self.has_send_permission(request)}
        return super().changelist_view(request, {**own, **(extra_context or {})})
