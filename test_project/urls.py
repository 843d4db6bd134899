"""The admin, at the root, and the addresses for machines."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("machines/", include("chroniker.urls")), path("", admin.site.urls)]
