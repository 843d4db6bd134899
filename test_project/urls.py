"""The admin, at the root, and the addresses for machines."""

from django.contrib import admin
from django.urls import include, path

admin.autodiscover()  # for settings in which it is lazy

urlpatterns = [path("machines/", include("chroniker.urls")), path("", admin.site.urls)]
