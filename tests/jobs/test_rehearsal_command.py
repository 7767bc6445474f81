"""The rehearsal server as somebody starts it by hand."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from jobs_app.providers import open_provider

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.killing
def test_somebody_starts_it_alone_uses_the_address_it_prints_and_ends_it_with_ctrl_c(tmp_path, request):
    command = [sys.executable, "manage.py", "rehearsal", "--port", "0", "--folder", str(tmp_path / "rehearsal")]
    environment = {**os.environ, "FTSTUDIO_VAR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "ftstudio.settings"}
    # A shell lets what it starts in the background ignore Ctrl-C, and the children of that too: here it counts again.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            url = re.search(r"http://\S+/v1", line)[0]
            with closing(open_provider("rehearsal", base_url=url, credential="rehearsal-x", rehearsal_url=url)) as here:
                here.probe()
            assert "no model is trained" in line
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 0
