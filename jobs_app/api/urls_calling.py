from django.urls import path

from . import playground, savings

urlpatterns = [
    path("models/<uuid:pk>/ask/", playground.ModelAsk.as_view(), name="model-ask"),
    path("models/<uuid:pk>/savings/", savings.ModelSavings.as_view(), name="model-savings"),
]
