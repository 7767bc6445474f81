"""`python -m ftstudio.supervisor.probe [port]`: exit 0 when web on this machine answers and reaches its database."""

from __future__ import annotations

import sys

from ftstudio import environment as env
from ftstudio.supervisor import address

if __name__ == "__main__":
    name = next(iter(env.words("ALLOWED_HOSTS")), "localhost").lstrip(".").replace("*", "localhost")
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    sys.exit(0 if address.status("127.0.0.1", port, name=name) == 200 else 1)
