"""The only door to the network: a client that connects to the very address it has checked.

A connection's base URL is typed in by a person, and the server would otherwise fetch whatever it names: a cloud's
metadata, the database next door. Each request resolves its host once, checks every address, and connects to the
checked one, so that a name which points elsewhere a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Iterator
from typing import Self

import httpx2

from ftstudio.errors import InvalidInput, Text
from jobs_app.providers.base import ProviderError

PROVIDER = ()  # no provider lives in this module; the registry passes it by

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Clouds answer with credentials here; no installation needs them through this door, private or not.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254", "192.0.0.192")
)


def guarded_client(
    *,
    allowed_hosts: Collection[str] | None,
    allow_private: bool = False,
    timeout: float = 60.0,
    max_bytes: int = 64 * 1024**2,
    resolve: Resolver | None = None,
) -> httpx2.Client:
    """A client for one connection; usable as `http_client` of the openai SDK.

    `allowed_hosts` None means any public host; ".example.com" stands for everything below it. `allow_private`
    opens loopback and private networks, and plain http, for addresses that the operator has configured; link-local
    and metadata addresses stay closed. `timeout` is in seconds for each step (connect, read, write), a whole
    answer may take five times as long. `max_bytes` caps an answer's body. No redirects, no proxies from the
    environment. What is refused raises ProviderError; a connection that fails raises httpx2's own errors.
    """
    guard = GuardedTransport(
        allowed_hosts=None if allowed_hosts is None else frozenset(host.lower() for host in allowed_hosts),
        allow_private=allow_private,
        max_seconds=timeout * 5,
        max_bytes=max_bytes,
        resolve=resolve or system_resolver,
    )
    return httpx2.Client(
        transport=guard,
        timeout=httpx2.Timeout(timeout, connect=min(timeout, 10.0)),
        follow_redirects=False,
        trust_env=False,
        # A compressed answer could unpack to more than the cap, so none is asked for.
        headers={"Accept-Encoding": "identity"},
    )


def check_base_url(url: str, *, allowed_hosts: Collection[str] | None, allow_private: bool = False) -> str:
    """The URL as it may be stored, without asking the network. Raises InvalidInput(base_url=…)."""
    try:
        parsed = httpx2.URL(url.strip())
        _check_url(parsed, allowed_hosts=allowed_hosts, allow_private=allow_private)
    except httpx2.InvalidURL as error:
        raise InvalidInput(base_url=Text("This is not a web address.")) from error
    except ProviderError as refusal:
        raise InvalidInput(base_url=refusal.message) from refusal
    if parsed.query or parsed.fragment:
        raise InvalidInput(base_url=Text("Leave out everything from ? or # on."))
    return str(parsed).rstrip("/")


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host, in the system's order of preference."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_reachable(address: Address, *, allow_private: bool) -> bool:
    """Whether the guard connects to this address. Addresses that wrap another one are judged by what is inside."""
    inner = _unwrapped(address)
    if inner in _METADATA or inner.is_link_local or inner.is_multicast or inner.is_unspecified:
        return False
    if inner.is_global:
        return not inner.is_reserved
    return allow_private and (inner.is_loopback or inner.is_private)


class GuardedTransport(httpx2.BaseTransport):
    """Checks a request's address, then hands it to a transport that connects to exactly this address."""

    def __init__(
        self,
        *,
        allowed_hosts: frozenset[str] | None,
        allow_private: bool,
        max_seconds: float,
        max_bytes: int,
        resolve: Resolver,
    ) -> None:
        self._allowed_hosts = allowed_hosts
        self._allow_private = allow_private
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes
        self._resolve = resolve
        # One pool for each host: an open TLS connection was proven for its host only.
        self._pools: dict[str, httpx2.HTTPTransport] = {}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url, host = request.url, host_of(request.url)
        _check_url(url, allowed_hosts=self._allowed_hosts, allow_private=self._allow_private)
        failure: httpx2.ConnectError | httpx2.ConnectTimeout | None = None
        for address in self._addresses(url):
            pinned = httpx2.Request(
                request.method,
                url.copy_with(host=str(address)),
                headers=request.headers,  # holds Host, written from the original URL
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                response = self._pool(host).handle_request(pinned)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error  # nothing was sent yet, so the host's next address may be tried
            else:
                return self._capped(response)
        raise failure or httpx2.ConnectError(f"{host} has no address", request=request)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _pool(self, host: str) -> httpx2.HTTPTransport:
        if host not in self._pools:
            self._pools[host] = httpx2.HTTPTransport(trust_env=False)
        return self._pools[host]

    def _addresses(self, url: httpx2.URL) -> list[Address]:
        host = host_of(url)
        try:
            found = self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(f"{host} cannot be resolved") from error
        addresses = list(dict.fromkeys(ipaddress.ip_address(text.partition("%")[0]) for text in found))
        # One forbidden address among several is enough: nobody mixes them with good intent.
        for address in addresses:
            if not is_reachable(address, allow_private=self._allow_private):
                raise ProviderError(
                    Text("{host} is an address inside this network, which connections may not use.", host=host),
                    "request",
                )
        return addresses

    def _capped(self, response: httpx2.Response) -> httpx2.Response:
        stream = response.stream
        if not isinstance(stream, httpx2.SyncByteStream):
            raise TypeError("the pool of a synchronous client answers with a synchronous stream")
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        length = response.headers.get("Content-Length", "")
        if encoding != "identity" or (length.isdecimal() and int(length) > self._max_bytes):
            response.close()
            raise _too_large() if encoding == "identity" else _compressed()
        response.stream = _CappedStream(stream, self._max_bytes, time.monotonic() + self._max_seconds)
        return response


class _CappedStream(httpx2.SyncByteStream):
    """An answer's body that ends in an error when it is too long or drips too slowly."""

    def __init__(self, stream: httpx2.SyncByteStream, max_bytes: int, deadline: float) -> None:
        self._stream = stream
        self._left = max_bytes
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise _too_large()
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer took too long")
            yield chunk

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        self._stream.close()


def _check_url(url: httpx2.URL, *, allowed_hosts: Collection[str] | None, allow_private: bool) -> None:
    host = host_of(url)
    if url.scheme not in ("http", "https") or not host:
        raise ProviderError(Text("A web address begins with https://."), "request")
    if url.scheme == "http" and not allow_private:
        raise ProviderError(
            Text("A key must not travel in the open: the address has to begin with https://."), "request"
        )
    if url.userinfo:
        raise ProviderError(Text("The address must not hold a name or a password."), "request")
    if allowed_hosts is not None and not any(
        host == allowed or (allowed.startswith(".") and host.endswith(allowed)) for allowed in allowed_hosts
    ):
        raise ProviderError(Text("{host} is not among the hosts that this connection may use.", host=host), "request")
    try:
        literal = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return
    if not is_reachable(literal, allow_private=allow_private):
        raise ProviderError(
            Text("{host} is an address inside this network, which connections may not use.", host=host), "request"
        )


def host_of(url: httpx2.URL) -> str:
    """The host as it stands on the wire: lower case, a Chinese or accented name in its ASCII form."""
    return url.raw_host.decode("ascii").lower()


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _too_large() -> ProviderError:
    return ProviderError(Text("The provider's answer is larger than this installation accepts."), "unavailable")


def _compressed() -> ProviderError:
    return ProviderError(Text("The provider's answer is compressed although that was not asked for."), "unavailable")
