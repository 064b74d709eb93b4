"""`tigctl open`: a way in for an engineer."""

from __future__ import annotations

import threading

import click

from tigctl.cli import output
from tigctl.cli.forward import forward
from tigctl.cli.options import tenant_argument
from tigctl.cli.stack import left_target


@click.command()
@tenant_argument()
@click.argument("what", type=click.Choice(["grafana", "influxdb"]))
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Answer on this port of 127.0.0.1 too, until Ctrl-C.",
)
def command(tenant: str, what: str, port: int | None) -> None:
    """Open a way in for an engineer.

    Prints the address on standard output, and on standard error as whom to log in and which
    files or Secrets hold the secrets. No secret is ever printed. On Kubernetes the way leads
    through the API server and is open until Ctrl-C. The local target has no Grafana yet.

    \b
    Examples:
      tigctl open acme influxdb
      tigctl open acme influxdb --port 8086
    """
    way = left_target(tenant).opening(what)
    output.say(f"user      {way.user}")
    output.say(f"password  {way.password}")
    if way.token:
        output.say(f"token     {way.token}")
    if way.public:
        output.say(f"others    {way.public}")
    if port is None:
        output.data(way.url)
        if way.lasts:
            return
        output.say("Open until Ctrl-C.")
    with output.when_interrupted("Closed."):
        if port is None:
            threading.Event().wait()
        else:
            forward(port, way.url, ready=lambda: output.data(f"http://127.0.0.1:{port}"))
