"""Whatever is sent to the API is used or refused; nothing that arrives makes it break.

The bodies are made from the OpenAPI document, field by field: sometimes what a field asks for, sometimes what nobody
should send. Django's test client raises what a view did not catch, so a crash shows where it came from.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs_app.models import Job
from tests.conftest import api_of, browser_of, put_down
from tests.walk import routes
from tests.world import make_world

ENDLESS = "@1e999"  # written as a number that no float holds
NASTY: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5, ENDLESS, "", " ", "a", "\x00", "a\x00b", "\ud800",
    "x" * 301, "x" * 5000, "__class__", "id__gt", "../../etc/passwd", "\r\nX-Evil: 1", "{n}", "{0.__class__}",
    "00000000-0000-0000-0000-000000000000", "٣", [], {}, [None], [[]], [{}], {"": ""}, {"\ud800": 1}, {"a": "\x00"},
    {"a": {"b": [1, {"c": "\ud800"}]}},
]  # fmt: skip
nasty = st.sampled_from(NASTY) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def fitting(schema: dict[str, Any], ids: list[Any]) -> st.SearchStrategy[Any]:
    """Values that the schema describes, more or less."""
    schema = resolved(schema)
    for word in ("allOf", "oneOf", "anyOf"):
        if word in schema:
            return st.one_of([fitting(one, ids) for one in schema[word]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" and "properties" in schema:
        return bodies(schema, ids)
    if kind == "array":
        return st.lists(fitting(schema.get("items", {}), ids), max_size=3)
    if kind == "integer":
        return st.integers(-2, 101)
    if kind == "number":
        return st.floats(allow_nan=False, allow_infinity=False)
    if kind == "boolean":
        return st.booleans()
    if kind == "string" and schema.get("format") == "uuid":
        return st.sampled_from(ids)
    if kind == "string":
        return st.sampled_from(
            ["rain", "openai-chat", "rehearsal", "rehearsal-small", "accept", "local", "x@example.org"]
        )
    return nasty


def bodies(schema: dict[str, Any], ids: list[Any]) -> st.SearchStrategy[Any]:
    """Objects with the schema's fields, each fitting or nasty or left out, and now and then one that is unknown."""
    fields = resolved(schema).get("properties", {})
    known = {name: fitting(one, ids) | fitting(one, ids) | fitting(one, ids) | nasty for name, one in fields.items()}
    required = set(resolved(schema).get("required", ()))
    return st.fixed_dictionaries(
        {name: one for name, one in known.items() if name in required},
        optional={**{name: one for name, one in known.items() if name not in required}, "is_superuser": st.just(True)},
    )


def written(body: Any) -> bytes:
    return json.dumps(body).replace(f'"{ENDLESS}"', "1e999").encode()


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, schema of the body) of everything that takes JSON."""
    found = []
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if method in ("post", "patch", "put") and "application/json" in content:
                found.append((method, path, content["application/json"].get("schema", {})))
    return found


@pytest.fixture
def world(alice: Any, project: Any) -> dict[str, Any]:
    world = make_world(alice, project)
    Job.objects.filter(pk=world["jobs"].pk).update(state="draft", base_model="rehearsal-small", name="rain-v1")
    return world


def address(path: str, world: dict[str, Any]) -> str:
    values = {**world, "number": 1}
    return re.sub(r"([\w-]+)/\{\w+\}", lambda found: f"{found[1]}/{_id(values[found[1]])}", path)


def _id(one: Any) -> Any:
    return getattr(one, "pk", one)


@pytest.mark.parametrize(
    ("method", "path", "schema"), operations(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_body_breaks_the_api(
    method: str, path: str, schema: dict[str, Any], world: dict[str, Any], alice: Any
) -> None:
    client = api_of(alice)
    client.raise_request_exception = True
    ids = [str(_id(one)) for noun, one in world.items() if noun not in ("revisions",)]
    url = address(path, world)

    @settings(max_examples=6, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(body=bodies(schema, ids) | bodies(schema, ids) | bodies(schema, ids) | nasty)
    def send(body: Any) -> None:
        answer = client.generic(method.upper(), url, written(body), content_type="application/json")
        away = answer.status_code == 503 and answer.json()["code"] == "provider_unavailable"  # there is none here
        assert answer.status_code < 500 or away, (body, answer.content)
        if answer.status_code >= 400:
            assert set(answer.json()) == {"code", "message", "fields"}

    send()


def _cursor(text: str) -> str:
    return "cursor=" + base64.b64encode(text.encode()).decode()


QUERIES = (
    _cursor("p=foo"), _cursor(f"p={'9' * 40}"), _cursor("p=%00"), "cursor=%00", "cursor=%3E9223372036854775807",
    "q=%00&tag=%00", "q=%22%20OR%20*", f"q={'x' * 1_000_000}", "q=%ed%a0%80", "state=%00", "project=%00",
    "status__contains=a&dataset__project__created_by__password__startswith=m", "page_size=99999999999999999999",
    "snapshot=foo&connection=foo&project=foo&view=%00",
)  # fmt: skip
# Where nothing is listed, one query asks for everything at once.
TOGETHER = "view=%00&after=foo&compare=foo&revision=99999999999999999999&q=%00&cursor=foo&next=//evil.example&from=%00"


@pytest.mark.parametrize("namespace", ["pages", "api"])
def test_no_query_breaks_an_address(namespace: str, world: dict[str, Any], alice: Any) -> None:
    client = browser_of(alice) if namespace == "pages" else api_of(alice)
    client.raise_request_exception = False
    broken = []
    for route in routes():
        if route.namespace != namespace or route.full_name == "pages:invitation-accept":
            continue
        # The description of the API reads no query and is long in the making: asked once.
        lists = route.name.endswith(("list", "queue", "search", "compare", "annotate", "timeline"))
        for query in QUERIES if lists else (TOGETHER,):
            answer = client.get(f"{route.url(world)}?{query}")
            put_down(answer)
            if answer.status_code >= 500:
                broken.append((route.full_name, query[:60], answer.status_code))
    assert broken == []


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500, b"\xff\xfe{}", b"", b"1e999"])
def test_a_body_that_nobody_could_read_or_keep_is_refused(body: bytes, alice: Any, project: Any) -> None:
    answer = api_of(alice).generic("POST", "/api/v1/datasets/", body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"code", "message", "fields"}


def test_fields_that_nobody_offers_are_never_applied(alice: Any, bob: Any, project: Any) -> None:
    """Bob may name himself; he does not make himself anything else by naming more fields."""
    sent = {"name": "Bobby", "is_superuser": True, "is_staff": True, "password": "x", "username": "root"}
    assert api_of(bob).patch("/api/v1/me/", sent, format="json").status_code == 200
    before = (bob.username, bob.email, bob.password)
    bob.refresh_from_db()
    assert (bob.name, bob.is_superuser, bob.is_staff) == ("Bobby", False, False)
    assert (bob.username, bob.email, bob.password) == before
    made = api_of(alice).post(
        "/api/v1/datasets/", {"name": "New", "project": str(project.pk), "samples_total": 9, "id": "x"}, format="json"
    )
    assert (made.status_code, made.json()["samples_total"]) == (201, 0)


def test_a_draft_is_not_moved_by_writing_into_its_state(world: dict[str, Any], alice: Any) -> None:
    url = f"/api/v1/jobs/{world['jobs'].pk}/"
    sent = {"name": "rain-v2", "state": "succeeded", "provider_job": "x", "result_model": "x", "marker": "x", "cost": 0}
    answer = api_of(alice).patch(url, sent, format="json")
    assert (answer.status_code, answer.json()["state"], answer.json()["name"]) == (200, "draft", "rain-v2")
    assert Job.objects.get(pk=world["jobs"].pk).marker == world["jobs"].marker
