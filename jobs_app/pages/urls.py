from django.urls import path

from . import board, budgets, catalog, connections, drafts, home, jobs, models
from .urls_advice import urlpatterns as advice_urls
from .urls_board import urlpatterns as board_urls
from .urls_calling import urlpatterns as calling_urls
from .urls_evaluations import urlpatterns as evaluation_urls
from .urls_gates import urlpatterns as gate_urls
from .urls_loops import urlpatterns as loop_urls
from .urls_queue import urlpatterns as queue_urls
from .urls_runs import urlpatterns as run_urls

urlpatterns = [
    path("", home.home, name="home"),
    path("demo/", home.demo_create, name="demo-create"),
    path("jobs/", board.job_list, name="job-list"),
    path("jobs/new/", drafts.job_create, name="job-create"),
    path("jobs/<uuid:pk>/", jobs.job_detail, name="job-detail"),
    path("jobs/<uuid:pk>/edit/", drafts.job_update, name="job-update"),
    path("jobs/<uuid:pk>/delete/", drafts.job_delete, name="job-delete"),
    path("jobs/<uuid:pk>/metrics.json", jobs.job_metrics, name="job-metrics"),
    path("jobs/<uuid:pk>/launch/", drafts.job_launch, name="job-launch"),
    path("jobs/<uuid:pk>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<uuid:pk>/pause/", jobs.job_pause, name="job-pause"),
    path("jobs/<uuid:pk>/resume/", jobs.job_resume, name="job-resume"),
    path("jobs/<uuid:pk>/clone/", jobs.job_clone, name="job-clone"),
    path("connections/", connections.connection_list, name="connection-list"),
    path("connections/new/", connections.connection_create, name="connection-create"),
    path("connections/<uuid:pk>/edit/", connections.connection_update, name="connection-update"),
    path("connections/<uuid:pk>/probe/", connections.connection_probe, name="connection-probe"),
    path("models/", models.model_list, name="model-list"),
    path("models/<uuid:pk>/", models.model_detail, name="model-detail"),
    path("catalog/", catalog.catalog_list, name="catalog-list"),
    path("catalog/model/", catalog.catalog_model, name="catalog-model"),
    path("catalog/<uuid:pk>/forget/", catalog.catalog_forget, name="catalog-forget"),
    path("prices/new/", catalog.price_create, name="price-create"),
    path("prices/<uuid:pk>/delete/", catalog.price_delete, name="price-delete"),
    path("budgets/", budgets.budget_list, name="budget-list"),
    path("budgets/<int:pk>/delete/", budgets.budget_delete, name="budget-delete"),
    *advice_urls,
    *board_urls,
    *calling_urls,
    *evaluation_urls,
    *gate_urls,
    *loop_urls,
    *queue_urls,
    *run_urls,
]
