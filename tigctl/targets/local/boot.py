"""Starts a stack as it was applied last: `python -m tigctl.targets.local.boot ROOT TENANT`.

Nothing here starts by itself after a reboot. Whoever wants that puts the text of `after_reboot`
to use; it needs no secrets in the environment, because they lie in the tenant's private folder.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from tigctl.errors import TigctlError


def after_reboot(root: Path, tenant: str) -> str:
    """How the stack comes back after a reboot: by hand, by cron, by systemd."""
    command = shlex.join(
        [sys.executable, "-m", "tigctl.targets.local.boot", str(root.resolve()), tenant]
    )
    percent = command.replace("%", "%%")
    return f"""After a reboot: tigctl apply {tenant}
By itself, with cron (crontab -e):
    @reboot {command.replace("%", chr(92) + "%")}
or with systemd, as ~/.config/systemd/user/tigctl-{tenant}.service:
    [Unit]
    Description=TIG stack of {tenant}
    [Service]
    Type=oneshot
    RemainAfterExit=yes
    KillMode=none
    ExecStart={percent}
    [Install]
    WantedBy=default.target
then: systemctl --user enable tigctl-{tenant} && loginctl enable-linger"""


def main(arguments: list[str]) -> int:
    """Starts the stack; prints why where it cannot."""
    from tigctl.targets.local.target import LocalTarget  # noqa: PLC0415 - not for the text above

    try:
        root, tenant = arguments
        LocalTarget(Path(root), tenant).start()
    except TigctlError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except ValueError:
        print("usage: python -m tigctl.targets.local.boot ROOT TENANT", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
