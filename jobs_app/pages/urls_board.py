"""Addresses of the dashboard, the timeline, the registry of models, and webhooks."""

from django.urls import path

from . import hooks

urlpatterns = [
    path("hooks/", hooks.hook_list, name="hook-list"),
    path("hooks/new/", hooks.hook_create, name="hook-create"),
    path("hooks/<uuid:pk>/", hooks.hook_detail, name="hook-detail"),
    path("hooks/<uuid:pk>/edit/", hooks.hook_update, name="hook-update"),
    path("hooks/<uuid:pk>/secret/", hooks.hook_secret, name="hook-secret"),
    path("hooks/<uuid:pk>/test/", hooks.hook_test, name="hook-test"),
    path("hooks/<uuid:pk>/delete/", hooks.hook_delete, name="hook-delete"),
    path("hooks/<uuid:pk>/deliveries/<uuid:delivery>/again/", hooks.delivery_again, name="delivery-again"),
]
