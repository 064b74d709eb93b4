"""Making the Telegrafs of a bundle run as they should, each with its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tigctl.render.bundle import Bundle
from tigctl.targets import database
from tigctl.targets.local import polling, programs, server
from tigctl.targets.local.layout import Layout
from tigctl.targets.local.state import State
from tigctl.targets.local.supervisor import Supervisor


def run_telegraf(
    layout: Layout,
    supervisor: Supervisor,
    telegraf: Path,
    bundle: Bundle,
    *,
    state: State,
    environ: Mapping[str, str],
) -> str:
    """Installs the configurations, starts what does not run, restarts what runs with others.

    Returns what was done, for the step's line.
    """
    token = layout.read_secret(database.secret_of("write"))
    polling.install(layout, bundle)
    names = [shard.name for shard in bundle.telegraf]
    for shard in bundle.telegraf:
        port = state.port or 0
        program = programs.telegraf(
            layout, telegraf, shard, port=port, token=token, environ=environ
        )
        program.write(layout)
    outdated = [
        name
        for name in names
        if programs.running_pid(layout, name) and not programs.is_current(layout, name)
    ]
    supervisor.ensure([programs.INFLUXDB, *names])
    for name in outdated:
        supervisor.restart(name)
    for name in (programs.INFLUXDB, *names):
        server.wait_running(layout, supervisor, name)
    polling.remove_stale(layout, names)
    return f"ready, {len(outdated)} restarted" if outdated else "ready"
