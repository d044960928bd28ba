"""``python -m providers.phone``: the phone without the server's command line."""

from __future__ import annotations

import click

from providers.phone.commands import call, check, load, say

if __name__ == "__main__":
    click.Group(commands=[say, call, check, load])(prog_name="python -m providers.phone")
