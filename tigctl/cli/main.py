"""The program `tigctl`: global options, and errors turned into text and exit codes.

Exit codes: 0 done, 1 failed, 2 usage or invalid files, 3 `plan` found changes, `status` and
`verify` found something unhealthy, `probe` and `apply` with --strict found silent devices,
130 interrupted. Keep this module light: it is what `tigctl --help` imports.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from collectors.errors import CollectorError, ProfileError
from tigctl.cli.lazy import LazyGroup
from tigctl.cli.output import Interrupted, say
from tigctl.errors import Fault, InvalidFiles, TigctlError

_OBJECTS_BETWEEN_COLLECTIONS = 50_000

COMMANDS = {
    "init": "Write a commented workspace to start from.",
    "schema": "Print the JSON Schemas of the workspace's files, or of one of them.",
    "validate": "Check all files and report every fault at once.",
    "discover": "Find devices in the tenant's networks.",
    "probe": "Ask each device who it is and what it can tell.",
    "explain": "Say which profile a device has and why, what is polled and what it costs.",
    "render": "Write what the target needs into a folder.",
    "plan": "Show the exact difference between files and target.",
    "apply": "Carry out a plan and wait until data flows.",
    "rollback": "Go back to an earlier applied bundle.",
    "status": "Show components and devices: last data, health, reason.",
    "verify": "Prove that every device's data is in its bucket and every panel is answered.",
    "open": "Open a way in for an engineer.",
    "destroy": "Stop and remove a tenant's stack; its data stays unless told.",
    "profiles": "List, show and check what is known about kinds of devices.",
    "boards": "List and check the boards that people look at.",
    "alerts": "List, show, check and test the rules by which people are called.",
    "policies": "Show and check who may talk to whom on Kubernetes.",
    "doctor": "Check what the target needs, with remedies.",
    "capacity": "Show what a cluster has left, and how many tenants of each size that is for.",
    "rbac": "Print the least rights tigctl needs on a cluster.",
}

INTERRUPTED = 130


@click.group(
    cls=LazyGroup,
    package="tigctl.cli.commands",
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--workspace",
    metavar="DIR",
    envvar="TIGCTL_WORKSPACE",
    type=click.Path(path_type=Path),
    help="The folder with fleet.yaml, or one below it.  [default: here; env TIGCTL_WORKSPACE]",
)
@click.version_option(package_name="tigctl", message="%(prog)s %(version)s")
@click.pass_context
def root(ctx: click.Context, workspace: Path | None) -> None:
    """From a device list to a running, verified monitoring stack per customer.

    \b
    A first run:
      tigctl init work && cd work
      export SNMP_COMMUNITY=...         # what tenants/acme/devices.csv answers to
      tigctl validate && tigctl probe acme && tigctl apply acme
      tigctl status acme --watch
    """
    ctx.obj = workspace


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    # Modules and parsed files stay until the end: to look for garbage among them each 700 objects,
    # as Python does by itself, costs a fifth of a short command's time.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        code = root.main(
            args=None if arguments is None else list(arguments),
            prog_name="tigctl",
            standalone_mode=False,
        )
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except Interrupted as error:
        if str(error):
            say(str(error))
        return INTERRUPTED
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.")
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except TigctlError as error:
        return _tell(error)
    except CollectorError as error:
        return _tell(_translated(error))
    except OSError as error:
        return _tell(_of_system(error))
    return code if isinstance(code, int) else 0


def _tell(error: TigctlError) -> int:
    if isinstance(error, InvalidFiles):
        say("\n".join(map(str, error.faults)))
        say(error.summary)
    else:
        say(f"tigctl: {error}")
    return error.exit_code


def _translated(error: CollectorError) -> TigctlError:
    """An error of the collectors, who know nothing of tigctl, as one of ours."""
    if isinstance(error, ProfileError):
        return InvalidFiles([Fault(one.file, one.line, one.message) for one in error.faults])
    return TigctlError(error.message, hint=error.hint)


def _of_system(error: OSError) -> TigctlError:
    """What the operating system refused: no right, no room, no such folder."""
    where = f"{error.filename}: " if error.filename else ""
    return TigctlError(
        f"{where}{error.strerror or error}", hint="see to that, then run the command again"
    )


def _reader_gone() -> int:
    """The reader of our output has left (`tigctl status | head`): be quiet about it."""
    # Python flushes standard output once more at its end; that must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
