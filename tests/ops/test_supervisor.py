"""The supervisor with small children of its own: order, restart, giving up, and the last word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ftstudio.supervisor import address, broker, gate, lock

from .running import PATIENCE, ROOT, is_alive, wait_until

pytestmark = [pytest.mark.killing, pytest.mark.once]

PRELUDE = """
import os, signal, sys
from pathlib import Path
from ftstudio.supervisor.child import Program
from ftstudio.supervisor.supervisor import NeverStarted, Supervisor
def program(name, code, **more):
    command = [sys.executable, "-u", "-c", code]
    return Program(name=name, command=command, folder=Path("."), environment=dict(os.environ), **more)
supervisor = Supervisor(say=lambda name, line: print(f"{name}: {line}", flush=True))
"""


def supervise(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_second_waits_until_the_first_is_ready_and_both_end_in_the_order_asked_for(tmp_path: Path) -> None:
    flag = tmp_path / "ready"
    sleeper = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *a: sys.exit(print('bye'))); {}; time.sleep(60)"
    )
    done = supervise(f"""
        flag = Path({str(flag)!r})
        supervisor.add(program("first", {sleeper.format(f"open({str(flag)!r}, 'w')")!r}, ready=flag.exists))
        supervisor.add(program("second", {sleeper.format("print('up')")!r}))
        def on_ready(name):
            print("ready:", name, flush=True)
            if name == "second":
                os.kill(os.getpid(), signal.SIGTERM)
        supervisor.run(on_ready=on_ready)
        supervisor.stop(["second", "first"])
    """)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("ready") or line.endswith("bye")]
    assert said[:2] == ["ready: first", "ready: second"]
    assert done.stdout.index("first is process") < done.stdout.index("ready: first")
    assert done.stdout.index("ready: first") < done.stdout.index("second is process")


def test_a_child_that_never_starts_is_given_up_with_its_last_words_said() -> None:
    done = supervise("""
        from ftstudio.supervisor import supervisor as module
        module.FIRST_WAIT = 0.01
        supervisor.add(program("broken", "print('no such thing', end=''); raise SystemExit(3)", ready=lambda: False))
        try:
            supervisor.run()
        except NeverStarted as error:
            print("gave up on", error)
        supervisor.stop([])
    """)
    assert "gave up on broken" in done.stdout, done.stderr
    assert done.stdout.count("broken: no such thing") == 5
    assert "broken ended (exit code 3)" in done.stdout


def test_a_child_that_will_not_go_is_killed_with_its_own_children(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    stubborn = (
        "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(note)!r}, 'w').write(str(child.pid)); print('armed'); time.sleep(60)"
    )
    done = supervise(f"""
        note = Path({str(note)!r})
        supervisor.add(program("stubborn", {stubborn!r}, ready=lambda: note.exists() and note.read_text(), grace=0.2))
        supervisor.run(on_ready=lambda name: os.kill(os.getpid(), signal.SIGINT))
        supervisor.stop(["stubborn"])
    """)
    assert "stubborn does not stop; killing it" in done.stdout, done.stderr
    wait_until(lambda: not is_alive(int(note.read_text())), what="the grandchild's end")


def test_only_one_holds_the_lock_and_it_is_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "up.lock"
    with lock.held(path), pytest.raises(lock.Locked) as refused, lock.held(path):
        pytest.fail("two at once")
    assert refused.value.pid == os.getpid()
    with lock.held(path, patience=0):
        assert path.read_text() == str(os.getpid())
    assert path.read_text() == ""


def test_web_waits_at_the_gate_only_while_somebody_migrates(tmp_path: Path) -> None:
    gate.pass_through(tmp_path)  # no gate at all
    gate.path_in(tmp_path).parent.mkdir()
    waiter = (
        f"from pathlib import Path; from ftstudio.supervisor import gate; gate.pass_through(Path({str(tmp_path)!r}))"
    )
    with gate.closed(tmp_path):
        process = subprocess.Popen([sys.executable, "-c", waiter, str(tmp_path)], cwd=ROOT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    assert process.wait(PATIENCE) == 0


def test_the_broker_is_found_without_anything_installed_and_has_no_port(tmp_path: Path) -> None:
    command = broker.command(server=broker.find_server(), socket_path=tmp_path / "b.sock", folder=tmp_path)
    assert command[command.index("--port") + 1] == "0"
    assert not broker.answers(tmp_path / "b.sock")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: broker.answers(tmp_path / "b.sock"), what="PONG")
        process.send_signal(signal.SIGTERM)
    assert not (tmp_path / "b.sock").exists()


@pytest.mark.parametrize(
    ("host", "seen"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("studio.local", "studio.local")],  # noqa: S104
)
def test_the_address_printed_is_one_this_machine_can_open(host: str, seen: str) -> None:
    assert address.reachable(host) == seen
