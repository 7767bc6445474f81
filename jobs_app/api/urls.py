from django.urls import path

from . import catalog, connections, jobs, models
from .urls_advice import urlpatterns as advice_urls
from .urls_board import urlpatterns as board_urls
from .urls_calling import urlpatterns as calling_urls
from .urls_evaluations import urlpatterns as evaluation_urls
from .urls_gates import urlpatterns as gate_urls
from .urls_loops import urlpatterns as loop_urls
from .urls_queue import urlpatterns as queue_urls
from .urls_recipes import urlpatterns as recipe_urls
from .urls_runs import urlpatterns as run_urls

urlpatterns = [
    path("connections/", connections.ConnectionList.as_view(), name="connection-list"),
    path("connections/kinds/", connections.ConnectionKinds.as_view(), name="connection-kinds"),
    path("connections/<uuid:pk>/", connections.ConnectionDetail.as_view(), name="connection-detail"),
    path("connections/<uuid:pk>/probe/", connections.ConnectionProbe.as_view(), name="connection-probe"),
    path("jobs/", jobs.JobList.as_view(), name="job-list"),
    path("jobs/<uuid:pk>/", jobs.JobDetail.as_view(), name="job-detail"),
    path("jobs/<uuid:pk>/preflight/", jobs.JobPreflight.as_view(), name="job-preflight"),
    path("jobs/<uuid:pk>/launch/", jobs.JobLaunch.as_view(), name="job-launch"),
    path("jobs/<uuid:pk>/cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
    path("jobs/<uuid:pk>/pause/", jobs.JobPause.as_view(), name="job-pause"),
    path("jobs/<uuid:pk>/resume/", jobs.JobResume.as_view(), name="job-resume"),
    path("jobs/<uuid:pk>/clone/", jobs.JobClone.as_view(), name="job-clone"),
    path("jobs/<uuid:pk>/events/", jobs.JobEvents.as_view(), name="job-events"),
    path("jobs/<uuid:pk>/metrics/", jobs.JobMetrics.as_view(), name="job-metrics"),
    path("jobs/<uuid:pk>/checkpoints/", jobs.JobCheckpoints.as_view(), name="job-checkpoints"),
    path("models/", models.ModelVersionList.as_view(), name="model-list"),
    path("models/<uuid:pk>/", models.ModelVersionDetail.as_view(), name="model-detail"),
    path("catalog/", catalog.CatalogView.as_view(), name="catalog"),
    path("catalog/<uuid:pk>/", catalog.CatalogEntryDetail.as_view(), name="catalog-detail"),
    path("prices/", catalog.PriceList.as_view(), name="price-list"),
    path("prices/<uuid:pk>/", catalog.PriceDetail.as_view(), name="price-detail"),
    path("budgets/", catalog.BudgetList.as_view(), name="budget-list"),
    path("budgets/<int:pk>/", catalog.BudgetDetail.as_view(), name="budget-detail"),
    *advice_urls,
    *board_urls,
    *calling_urls,
    *evaluation_urls,
    *gate_urls,
    *loop_urls,
    *queue_urls,
    *recipe_urls,
    *run_urls,
]
