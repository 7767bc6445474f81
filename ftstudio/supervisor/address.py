"""The address the web listens on. The supervisor opens it, so it is never lost while web is started again."""

from __future__ import annotations

import http.client
import ipaddress
import socket


class PortTaken(Exception):
    """Somebody listens there already, or we may not."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Connections wait in it until web takes them. Raises PortTaken, whose text says why."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortTaken(error.strerror or str(error)) from error
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(1024)
    except OSError as error:
        door.close()
        raise PortTaken(error.strerror or str(error)) from error
    return door


def reachable(host: str) -> str:
    """The host as this machine itself calls it: a wildcard becomes the loopback address, IPv6 gets its brackets."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host
    if ip.is_unspecified:
        return "127.0.0.1" if ip.version == 4 else "[::1]"
    return f"[{ip}]" if ip.version == 6 else str(ip)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def answers(host: str, port: int) -> bool:
    """Whether web answers its health question with anything but an error of the server."""
    return (status(host, port) or 500) < 500


def status(host: str, port: int, *, name: str = "localhost") -> int | None:
    """The HTTP status of the health question, asked as a proxy in front of the site `name` would; None: no answer."""
    connection = http.client.HTTPConnection(reachable(host).strip("[]"), port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": name, "X-Forwarded-Proto": "https"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
