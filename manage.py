#!/usr/bin/env python
"""The command line of ftstudio: `python manage.py help` lists what it can do."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ftstudio.settings")
    from ftstudio import sweeping

    sweeping.rarely()  # until the apps are ready
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
