"""Addresses of the frame: language, pulse, health."""

from django.urls import path

from . import views

urlpatterns = [
    path("language/", views.language, name="language"),
    path("status/pulse/", views.pulse, name="pulse"),
    path("healthz", views.healthz, name="healthz"),
]
