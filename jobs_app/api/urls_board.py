"""Addresses of the dashboard, the timeline, the registry of models, and webhooks in the API."""

from django.urls import path

from . import hooks

urlpatterns = [
    path("hooks/", hooks.HookList.as_view(), name="hook-list"),
    path("hooks/<uuid:pk>/", hooks.HookDetail.as_view(), name="hook-detail"),
    path("hooks/<uuid:pk>/secret/", hooks.HookSecret.as_view(), name="hook-secret"),
    path("hooks/<uuid:pk>/test/", hooks.HookTest.as_view(), name="hook-test"),
    path("hooks/<uuid:pk>/deliveries/", hooks.DeliveryList.as_view(), name="delivery-list"),
    path("hooks/<uuid:pk>/deliveries/<uuid:delivery>/again/", hooks.DeliveryAgain.as_view(), name="delivery-again"),
]
