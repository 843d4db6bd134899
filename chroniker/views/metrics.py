"""Numbers for Prometheus."""

from __future__ import annotations

from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse

from chroniker import write_database
from chroniker.models.hiccups import HICCUPS
from chroniker.moments import utc_now
from chroniker.views.access import guarded


@guarded
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers of this moment; 501 where prometheus-client is not installed."""
    try:
        from chroniker.health.metrics import CONTENT_TYPE, exposition
    except ImportError:
        mend = "Install the extra: pip install django-chroniker[metrics]"
        return JsonResponse({"error": f"prometheus-client is not installed. {mend}"}, status=501)
    database = write_database.alias()
    try:
        return HttpResponse(exposition(database, utc_now()), content_type=CONTENT_TYPE)
    except HICCUPS as error:
        connections[database].close_if_unusable_or_obsolete()
        problem = f"The database does not answer ({type(error).__name__})."
        return JsonResponse({"error": problem}, status=503)
