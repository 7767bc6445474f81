"""The door to the network, tried from both sides over real sockets of this machine."""

# ruff: noqa: S104  (addresses to be refused, not to be listened on)

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from ftstudio.errors import InvalidInput
from jobs_app.providers import at_rehearsal, check_address, check_other_addresses, open_provider
from jobs_app.providers.base import ProviderError
from jobs_app.providers.http import check_base_url, guarded_client, is_reachable

from .rehearsal_server import serve


@Request.application
def echo(request: Request) -> Response:
    """Says which host was asked for; serves a long body, a dripping one, a packed one and a redirect."""
    if request.path == "/long":
        return Response(b"x" * 50_000)
    if request.path == "/drip":
        return Response((b"x" * 1000 for _ in range(50)), headers={"Connection": "close"})
    if request.path == "/packed":
        return Response(b"x", headers={"Content-Encoding": "gzip"})
    if request.path == "/away":
        return Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    return Response(request.host)


class Names:
    """A name service of our own: names that point where the test says, and a record of what was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def client(names: Names | None = None, **more) -> Iterator[httpx2.Client]:
    values = {"allowed_hosts": None, "allow_private": True, "timeout": 5.0, "max_bytes": 10_000, **more}
    with guarded_client(**values, resolve=names) as opened:
        yield opened


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serve(echo) as address:
        yield int(address.rpartition(":")[2])


def test_the_request_goes_to_the_checked_address_under_the_name_that_was_asked_for(port):
    names = Names(["127.0.0.1"])
    with client(names) as http:
        assert http.get(f"http://provider.example:{port}/").text == f"provider.example:{port}"
    assert names.asked == ["provider.example"]


def test_a_name_that_points_inside_after_the_check_gains_nothing(port):
    """DNS rebinding: every request is checked by the answer that it then connects to."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    with client(names) as http:
        assert http.get(f"http://provider.example:{port}/").status_code == 200
        assert len(names.asked) == 1
        with pytest.raises(ProviderError, match="inside this network"):
            http.get(f"http://provider.example:{port}/")
    assert len(names.asked) == 2


def test_one_address_inside_among_several_is_enough_to_refuse(port):
    with client(Names(["93.184.216.34", "10.0.0.1"]), allow_private=False) as http, pytest.raises(ProviderError):
        http.get("https://provider.example/")


def test_when_the_first_address_is_dead_the_next_one_is_tried(port):
    with client(Names(["127.0.0.9", "127.0.0.1"])) as http:
        assert http.get(f"http://provider.example:{port}/").status_code == 200


INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "0.0.0.0", "169.254.169.254", "100.100.100.200",
    "100.64.0.1", "192.0.0.192", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "::1", "::", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fe80::1", "224.0.0.1", "0.0.0.0", "::",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_reached_by_a_typed_in_url(address):
    assert not is_reachable(ipaddress.ip_address(address), allow_private=False)
    host = f"[{address}]" if ":" in address else address
    with client(allow_private=False) as http, pytest.raises(ProviderError, match="inside this network"):
        http.get(f"https://{host}/")


@pytest.mark.parametrize("address", NEVER)
def test_a_clouds_metadata_is_out_of_reach_even_of_an_installation_that_allows_private_networks(address):
    assert not is_reachable(ipaddress.ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_the_public_internet_is_open(address):
    assert is_reachable(ipaddress.ip_address(address), allow_private=False)


@given(st.ip_addresses())
def test_no_address_is_open_that_the_registry_does_not_call_global(address):
    if is_reachable(address, allow_private=False) and getattr(address, "ipv4_mapped", None) is None:
        assert address.is_global or getattr(address, "sixtofour", None) or getattr(address, "teredo", None)


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "localhost"])
def test_odd_spellings_of_this_machine_are_seen_through(host):
    """The system's own resolver knows what they mean, and what it says is what is checked."""
    with guarded_client(allowed_hosts=None, timeout=2) as http, pytest.raises((ProviderError, httpx2.ConnectError)):
        http.get(f"https://{host}/")


@pytest.mark.parametrize(
    "url", ["http://provider.example/", "ftp://provider.example/", "https://user:word@provider.example/", "https://"]
)
def test_only_encrypted_addresses_without_credentials_are_fetched(url):
    refusals = (ProviderError, httpx2.UnsupportedProtocol)
    with client(Names(["10.0.0.1"]), allow_private=False) as http, pytest.raises(refusals):
        http.get(url)


@pytest.mark.parametrize(
    ("host", "open_"),
    [
        ("api.openai.com", True),
        ("eu.api.openai.com", True),
        ("API.OpenAI.com", True),
        ("evilapi.openai.com.example", False),
        ("xapi.openai.com", False),
    ],
)
def test_only_the_hosts_of_the_connection_are_open(host, open_):
    allowed = ["api.openai.com", ".api.openai.com"]
    if open_:
        assert check_base_url(f"https://{host}/v1/", allowed_hosts=allowed)
    else:
        with pytest.raises(InvalidInput, match="not among the hosts"):
            check_base_url(f"https://{host}/v1", allowed_hosts=allowed)


def test_a_redirect_is_an_answer_and_not_an_order(port):
    with client(Names(["127.0.0.1"])) as http:
        assert http.get(f"http://provider.example:{port}/away").status_code == 302


@pytest.mark.parametrize("path", ["/long", "/drip", "/packed"])
def test_an_answer_without_end_or_packed_to_unfold_is_not_read(port, path):
    with client(Names(["127.0.0.1"])) as http, pytest.raises(ProviderError) as caught:
        http.get(f"http://provider.example:{port}{path}")
    assert caught.value.kind == "unavailable"


def test_a_name_that_does_not_exist_is_a_failed_connection():
    def nobody(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with guarded_client(allowed_hosts=None, resolve=nobody) as http, pytest.raises(httpx2.ConnectError):
        http.get("https://provider.example/")


def _certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_the_certificate_is_asked_for_by_name_and_a_strange_one_is_refused(tmp_path):
    """Connecting to an address must not turn into trusting whoever answers there."""
    asked: list[str | None] = []
    context = _certificate(tmp_path, "provider.example")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with serve(echo, tls=context) as address, client(Names(["127.0.0.1"])) as http:
        port = address.rpartition(":")[2]
        with pytest.raises(httpx2.ConnectError, match="certificate"):
            http.get(f"https://provider.example:{port}/")
    assert asked == ["provider.example"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/api/v1",
        "http://127.0.0.1:8000/rehearsal/%2E./api/v1",
        "http://127.0.0.1:8000/rehearsalling/v1",
        "http://127.0.0.1:8001/rehearsal/v1",
        "http://x@127.0.0.1:8000/rehearsal/v1",
        "http://localhost:8000/v1",
        "https://169.254.169.254/",
        "https://example.org/v1",
        "javascript:alert(1)",
        "https://api.openai.com/v1?x=1",
        "http://api.openai.com/v1",
        "::",
        "https://[::1",
    ],
)
def test_nobody_points_an_openai_connection_somewhere_else(url):
    with pytest.raises(InvalidInput) as caught:
        check_address("openai", url, rehearsal_url="http://127.0.0.1:8000/rehearsal/v1")
    assert set(caught.value.fields) == {"base_url"}


def test_an_empty_address_means_the_providers_own():
    assert check_address("openai", "") == "https://api.openai.com/v1"
    assert check_address("rehearsal", "", rehearsal_url="http://127.0.0.1:9/v1") == "http://127.0.0.1:9/v1"


def test_a_rehearsal_connection_reaches_the_configured_address_and_no_other():
    for url in ("http://127.0.0.1:9/other", "http://127.0.0.2:9/v1", "http://10.0.0.1/v1"):
        with pytest.raises(InvalidInput):
            open_provider("rehearsal", base_url=url, credential="rehearsal-x", rehearsal_url="http://127.0.0.1:9/v1")


def test_every_kind_may_rehearse_and_reaches_nothing_else_then():
    here = "http://127.0.0.1:8000/rehearsal"
    reach = {"rehearsal_url": f"{here}/v1"}
    for kind, url in (("openai", f"{here}/v1"), ("azure", f"{here}/azure/openai/v1"), ("ark", f"{here}/ark")):
        assert check_address(kind, url, **reach) == url
        assert at_rehearsal(url, **reach)
    assert not at_rehearsal("https://api.openai.com/v1", **reach)
    check_other_addresses("ark", {"tos_url": f"{here}/ark/tos"}, base_url=f"{here}/ark", **reach)
    for elsewhere in ("https://tos-cn-beijing.volces.com", "http://127.0.0.1:8000/admin"):
        with pytest.raises(InvalidInput):
            check_other_addresses("ark", {"tos_url": elsewhere}, base_url=f"{here}/ark", **reach)


def test_the_operator_may_open_a_server_in_the_house():
    url = check_address("openai", "http://llm.house:8000/v1", house_hosts=["LLM.house"])
    assert url == "http://llm.house:8000/v1"


def test_a_chinese_host_is_resolved_and_asked_for_in_its_ascii_form(port):
    names = Names(["127.0.0.1"])
    with client(names, allowed_hosts=["xn--fiq228c.example"]) as http:
        assert http.get(f"http://中文.example:{port}/").text == f"xn--fiq228c.example:{port}"
    assert names.asked == ["xn--fiq228c.example"]


def test_an_ipv6_address_is_connected_to_as_one():
    """Nobody listens there; what counts is that the address is tried as it is and not read as a host and a port."""
    with client(Names(["::1"])) as http, pytest.raises(httpx2.ConnectError):
        http.get("http://provider.example:9/")
