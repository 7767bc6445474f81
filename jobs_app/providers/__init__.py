"""Providers of fine-tuning: one module in this folder is one provider."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import httpx2

from datasets_app.core.registry import Registry
from ftstudio.errors import InvalidInput
from jobs_app.providers.base import Provider
from jobs_app.providers.http import check_base_url, guarded_client, host_of

PROVIDERS: Registry[type[Provider]] = Registry("jobs_app.providers", "PROVIDER")


def check_address(
    kind: str, base_url: str, *, rehearsal_url: str = "", house_hosts: Collection[str] = (), permitted: bool = False
) -> str:
    """The base URL as a connection of this kind may store it; "" stands for the provider's own.

    Raises InvalidInput(base_url=…). A provider's own hosts are always open; `house_hosts` are those that the
    operator added and may be private; a rehearsal connection may use `rehearsal_url` and nothing else. `permitted`: an
    owner has opened this very address, which may be private, too. Every kind may use the dialects of the rehearsal
    server (`at_rehearsal`).
    """
    hosts, private = _reach(kind, base_url, rehearsal_url, house_hosts, [base_url] if permitted else [])
    own = PROVIDERS[kind].default_base_url
    url = base_url.strip() or (rehearsal_url or own if PROVIDERS[kind].rehearsal else own)
    return check_base_url(url, allowed_hosts=hosts, allow_private=private(url))


def at_rehearsal(url: str, rehearsal_url: str) -> bool:
    """Whether an address lies below this installation's rehearsal server, which speaks the wires of several providers.

    `rehearsal_url` is that of its first one, `…/v1`. Whoever is connected there trains nothing, whatever the kind.
    """
    home = rehearsal_url.strip().rstrip("/").removesuffix("/v1")
    if not home or not url.strip().startswith(f"{home}/"):
        return False
    try:
        path, wanted = httpx2.URL(url.strip()), httpx2.URL(home)
    except httpx2.InvalidURL:
        return False
    # Nobody leaves the rehearsal by a dotted path.
    steps = path.raw_path.decode("ascii").lower().replace("%2e", ".").split("?")[0].split("/")
    same = (path.scheme, host_of(path), path.port) == (wanted.scheme, host_of(wanted), wanted.port)
    return same and not path.userinfo and ".." not in steps


def check_other_addresses(
    kind: str,
    options: Mapping[str, str],
    *,
    base_url: str = "",
    rehearsal_url: str = "",
    house_hosts: Collection[str] = (),
    permitted: bool = False,
) -> None:
    """Hold the addresses among a connection's other settings to the rule of `check_address`.

    Raises InvalidInput with the name of the first setting that breaks it.
    """
    for name, url in _addresses(kind, options).items():
        hosts, private = _reach(kind, base_url, rehearsal_url, house_hosts, [url] if permitted else [])
        try:
            check_base_url(url, allowed_hosts=hosts, allow_private=private(url))
        except InvalidInput as refusal:
            raise InvalidInput.of({name: refusal.message}) from refusal


def open_provider(
    kind: str,
    *,
    base_url: str,
    credential: str,
    rehearsal_url: str = "",
    house_hosts: Collection[str] = (),
    options: Mapping[str, str] | None = None,
    permitted: bool = False,
    timeout: float = 60.0,
    max_bytes: int = 64 * 1024**2,
    on_request: Callable[[], object] | None = None,
) -> Provider:
    """A provider ready for use, behind the guard. Raises InvalidInput naming the setting of an address it may not use.

    `on_request` is called before each request that it sends.
    """
    options = options or {}
    reach: dict[str, Any] = {"rehearsal_url": rehearsal_url, "house_hosts": house_hosts, "permitted": permitted}
    url = check_address(kind, base_url, **reach)
    check_other_addresses(kind, options, base_url=base_url, **reach)
    urls = [url, *_addresses(kind, options).values()]
    hosts, private = _reach(kind, url, rehearsal_url, house_hosts, urls if permitted else [])
    inside = any(private(one) for one in urls)
    http = guarded_client(allowed_hosts=hosts, allow_private=inside, timeout=timeout, max_bytes=max_bytes)
    if on_request is not None:
        http.event_hooks = {"request": [lambda _request: on_request()], "response": []}
    return PROVIDERS[kind](base_url=url, credential=credential, http=http, options=options)


def _reach(
    kind: str, base_url: str, rehearsal_url: str, house_hosts: Collection[str], permitted_urls: Collection[str]
) -> tuple[frozenset[str], Callable[[str], bool]]:
    """The hosts that a connection of this kind may use, and whether a URL may lead into a private network.

    A private network is open to what the operator wrote into the settings and to what an owner permitted by name,
    never to what a person merely typed in. Whoever rehearses reaches the rehearsal server and nothing else.
    """
    if not PROVIDERS[kind].rehearsal and at_rehearsal(base_url, rehearsal_url):
        return frozenset({_host(rehearsal_url)}), lambda url: at_rehearsal(url, rehearsal_url)
    if PROVIDERS[kind].rehearsal:
        mine = rehearsal_url or PROVIDERS[kind].default_base_url
        return frozenset({_host(mine)}), lambda url: url.rstrip("/") == mine.rstrip("/")
    house = frozenset(host.lower() for host in house_hosts)
    house |= {host for url in permitted_urls if (host := _host(url.strip()))}
    return frozenset(PROVIDERS[kind].hosts) | house, lambda url: _host(url) in house


def _addresses(kind: str, options: Mapping[str, str]) -> dict[str, str]:
    """The web addresses among a connection's other settings, by name."""
    named = (setting.name for setting in PROVIDERS[kind].settings if setting.address)
    return {name: options[name] for name in named if options.get(name)}


def _host(url: str) -> str:
    try:
        return host_of(httpx2.URL(url))
    except httpx2.InvalidURL:
        return ""
