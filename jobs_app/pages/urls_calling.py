from django.urls import path

from . import playground, savings

urlpatterns = [
    path("playground/", playground.playground_page, name="playground"),
    path("playground/stream/", playground.playground_stream, name="playground-stream"),
    path("playground/read/", playground.playground_read, name="playground-read"),
    path("playground/table/", playground.playground_table, name="playground-table"),
    path("models/<uuid:pk>/savings/", savings.model_savings, name="model-savings"),
]
