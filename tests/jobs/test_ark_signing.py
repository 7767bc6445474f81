"""The signature of Ark and of TOS: step by step as worked out by hand, and as the vendor's SDK signs."""

from __future__ import annotations

import hashlib
import string
import warnings
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import httpx2
import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from volcenginesdkcore.signv4 import SignerV4

from jobs_app.providers._ark_signing import STORAGE, Signer, canonical_query, canonical_request, string_to_sign

AT = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
HOST = "ark.cn-beijing.volcengineapi.com"
SECRET = "c2VjcmV0LWV4YW1wbGU="
ARK = Signer("AKLTexample", SECRET, "cn-beijing", "ark")
BODY = b'{"Id":"mcj-20261121080000-abcde"}'
BODY_SHA256 = "1bdc31faf60a265f9e6185de20810b8e59e87d541c07798ad35e417f2d63048d"
QUERY = [("Version", "2024-01-01"), ("Action", "GetModelCustomizationJob")]
CANONICAL = f"""POST
/
Action=GetModelCustomizationJob&Version=2024-01-01
content-type:application/json
host:{HOST}
x-content-sha256:{BODY_SHA256}
x-date:20261121T080000Z

content-type;host;x-content-sha256;x-date
{BODY_SHA256}"""
CANONICAL_SHA256 = "fff5d38457ce200a3b5afbd8d86363870df41aa2b21ef015c42f1137a5296698"
KEY = "1c23621276a0d2512537665d2f47fe6310ac943ee3d9cce85cb84b8a39a0a4eb"
SIGNATURE = "6469c097b4e9552e8aff3d69bff6c594b09d501eae96eb5b75092a3a5e2a17c6"


def test_each_step_of_a_signature_is_the_one_worked_out_by_hand() -> None:
    assert hashlib.sha256(BODY).hexdigest() == BODY_SHA256
    headers = {"Host": HOST, "Content-Type": "application/json", "Accept": "*/*", "User-Agent": "x"}
    dated = {**headers, "x-date": "20261121T080000Z", "x-content-sha256": BODY_SHA256}
    request, names = canonical_request("post", "", QUERY, dated, BODY_SHA256)
    assert request == CANONICAL
    assert hashlib.sha256(request.encode()).hexdigest() == CANONICAL_SHA256
    scope = "20261121/cn-beijing/ark/request"
    text = string_to_sign("HMAC-SHA256", "20261121T080000Z", scope, request)
    assert text == f"HMAC-SHA256\n20261121T080000Z\n{scope}\n{CANONICAL_SHA256}"
    assert ARK._key("20261121").hex() == KEY
    assert ARK.headers("POST", "/", QUERY, headers, BODY_SHA256, AT) == {
        "x-date": "20261121T080000Z",
        "x-content-sha256": BODY_SHA256,
        "authorization": f"HMAC-SHA256 Credential=AKLTexample/{scope}, SignedHeaders={names}, Signature={SIGNATURE}",
    }


def test_a_request_is_signed_as_it_goes_out_whatever_the_time_zone_of_the_clock() -> None:
    request = httpx2.Request(
        "POST",
        f"https://{HOST}/?Version=2024-01-01&Action=GetModelCustomizationJob",
        headers={"Content-Type": "application/json"},
        content=BODY,
    )
    ARK.sign(request, AT.astimezone(timezone(timedelta(hours=8))))
    assert request.headers["authorization"].endswith(f"Signature={SIGNATURE}")
    assert request.headers["x-date"] == "20261121T080000Z"


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ([], ""),
        ([("b", "2"), ("a", "1")], "a=1&b=2"),
        ([("a", "2"), ("a", "10")], "a=10&a=2"),
        ([("a", "x y+/=&~._-*")], "a=x%20y%2B%2F%3D%26~._-%2A"),
        ([("名", "值"), ("empty", "")], "%E5%90%8D=%E5%80%BC&empty="),
    ],
)
def test_a_query_is_encoded_and_sorted(query: list[tuple[str, str]], canonical: str) -> None:
    assert canonical_query(query) == canonical


def test_the_object_storage_has_its_own_scheme() -> None:
    """The signature that the TOS SDK 2.9.3 makes of the same request."""
    body = b'{"messages": []}\n'
    signer = Signer("AKLTexample", "secret/Example+Key==", "cn-beijing", "tos", STORAGE)
    headers = {"host": "bucket.tos-cn-beijing.volces.com", "content-type": "application/jsonl", "date": "not signed"}
    path = quote("/ftstudio/a b/训练.jsonl", safe="/~")
    signed = signer.headers("PUT", path, [], headers, hashlib.sha256(body).hexdigest(), AT)
    assert signed["authorization"] == (
        "TOS4-HMAC-SHA256 Credential=AKLTexample/20261121/cn-beijing/tos/request, "
        "SignedHeaders=content-type;host;x-tos-content-sha256;x-tos-date, "
        "Signature=a5e911a9dd1f00e101a0fec61548ec4a502467a875e0de7f10d587fc358b04cd"
    )


word = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=12)
value = st.text(string.ascii_letters + string.digits + " /+=:;,.*~_-", max_size=20).map(str.strip)


@settings(max_examples=60, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=st.sampled_from(["", "/", "/api/v3/files", "/a%20b/~c"]),
    query=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=12), max_size=4),
    extra=st.dictionaries(word.map(lambda name: f"X-{name.title()}"), value, max_size=3),
    host=st.sampled_from([HOST, f"{HOST}:443", f"{HOST}:8443", "127.0.0.1:80"]),
    body=st.text(max_size=60),
    access=word,
    secret=st.text(string.ascii_letters + string.digits + "+/=", min_size=1, max_size=40),
    region=word,
    service=word,
    token=st.sampled_from(["", "STS-token"]),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)),
)
def test_the_vendors_sdk_signs_every_request_in_the_same_way(
    method: str,
    path: str,
    query: dict[str, str],
    extra: dict[str, str],
    host: str,
    body: str,
    access: str,
    secret: str,
    region: str,
    service: str,
    token: str,
    at: datetime,
) -> None:
    at = at.replace(tzinfo=UTC)
    theirs = {**extra, "Host": host, "Content-Type": "application/json"}
    ours = {**theirs, **({"X-Security-Token": token} if token else {})}
    with time_machine.travel(at, tick=False), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of datetime.utcnow, in the SDK
        SignerV4.sign(path, method, theirs, body, None, query, access, secret, region, service, token or None)
    signer = Signer(access, secret, region, service)
    digest = hashlib.sha256(body.encode()).hexdigest()
    assert signer.headers(method, path, query.items(), ours, digest, at)["authorization"] == theirs["Authorization"]
