"""Addresses for machines: ``path("chroniker/", include("chroniker.urls"))``."""

from django.urls import path

from chroniker.views.health import health
from chroniker.views.metrics import metrics

app_name = "chroniker"

urlpatterns = [
    path("health/", health, name="health"),
    path("metrics/", metrics, name="metrics"),
]
