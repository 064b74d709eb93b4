"""The small Grafana, built from provisioning files as a real one is.

Modelled on "Provision Grafana" and "Use configuration files to provision alerting resources"
(grafana.com/docs/grafana/v12.4/administration/provisioning, …/alerting/set-up/
provision-alerting-resources/file-provisioning), the Admin HTTP API ("Reload provisioning
configurations") and, for what these leave open, on the source (pkg/services/provisioning):

- at a start data sources come first, then alerting, then boards; each can be read again by
  POST /api/admin/provisioning/KIND/reload, which answers when it is done
- `$NAME` and `${NAME}` in a value are environment variables, `$$` is `$`; not so in boards; what
  a variable in braces gave is looked through once more
- a data source that is not `editable` is read-only; `prune` takes those away that left the file
- the folder of rules is named by its title: the one of that title, else a new one with a uid of
  Grafana's choice; the folder of boards has the uid that its provider names, and a second folder
  of the same title is refused (issues 87889, 125079)
- a board from a file is marked so and cannot be saved or deleted; one whose file is gone goes
- rules, contact points and policies from files have the provenance `file`

It leaves out what tigctl's files do not use, and polling for changed files: a kubelet shows a new
version of a ConfigMap late, and tigctl rolls the pod instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.grafana.answers import Answer, Body, Request
from tests.grafana.server import GrafanaServer
from tests.grafana.state import State

_ORDER = ("datasources", "alerting", "dashboards")
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)\}|\$(\w+)")


class GrafanaFromFiles(GrafanaServer):
    """A server that reads files: `start` is a new pod with an empty disk.

    `root` is the folder that is mounted at `mount` in the pod.
    """

    def start(self, root: Path, environ: Mapping[str, str], mount: str) -> None:
        """Forgets everything, and reads the files. Raises AssertionError where they are refused."""
        state = FileState({**self.state.passwords}, root, dict(environ), mount)
        for what in _ORDER:
            status, answer = state.reload(what)
            assert status == 200, answer
        self.state = state


class FileState(State):
    """What a Grafana with files holds."""

    def __init__(
        self, passwords: dict[str, str], root: Path, environ: dict[str, str], mount: str
    ) -> None:
        super().__init__(passwords)
        self.root = root
        self.environ = environ
        self.mount = mount

    def _admin(self, method: str, request: Request) -> Answer:
        match method, request.parts:
            case "POST", [_, "provisioning", what, "reload"] if what in _ORDER:
                return self.reload(what)
        return super()._admin(method, request)

    def reload(self, what: str) -> Answer:
        """Reads the files of one kind."""
        read = {
            "datasources": self._read_sources,
            "alerting": self._read_alerting,
            "dashboards": self._read_boards,
        }[what]
        for path in sorted((self.root / "provisioning" / what).glob("*.yaml")):
            document = self._interpolated(yaml.safe_load(path.read_text()))
            assert document["apiVersion"] == 1
            if refused := read(document):
                return 500, {"message": refused}
        return 200, {"message": f"{what.capitalize()} config reloaded"}

    def _interpolated(self, value: Any) -> Any:
        if isinstance(value, str):
            return _VARIABLE.sub(self._looked_up, value)
        if isinstance(value, list):
            return [self._interpolated(one) for one in value]
        if isinstance(value, dict):
            return {key: self._interpolated(one) for key, one in value.items()}
        return value

    def _looked_up(self, found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        value = self.environ.get(found[1] or found[2], "")
        return str(self._interpolated(value)) if found[1] else value

    def _read_sources(self, document: Body) -> str:
        named = {one["name"] for one in document["datasources"]}
        if document.get("prune"):
            for uid in [uid for uid, one in self.sources.items() if one["name"] not in named]:
                del self.sources[uid], self.secrets[uid]
        for one in document["datasources"]:
            uid = one["uid"]
            there = self.sources.get(uid, {"id": self.next_id(), "version": 0})
            stored = self.stored_source(one, there["id"], there["version"] + 1)
            stored["readOnly"] = not one.get("editable", False)
            self.secrets[uid] = dict(one.get("secureJsonData") or {})
        return ""

    def _read_alerting(self, document: Body) -> str:
        held = self.alerting
        for group in document.get("groups", ()):
            folder = self._folder_titled(group["folder"])
            for rule in group["rules"]:
                assert rule["data"], rule["uid"]
                held.rules[rule["uid"]] = {
                    "isPaused": False,
                    **rule,
                    "id": self.next_id(),
                    "folderUID": folder,
                    "ruleGroup": group["name"],
                    "updated": self.now(),
                    "provenance": "file",
                    "notification_settings": None,
                    "record": None,
                }
            held.intervals[f"{folder}/{group['name']}"] = _seconds(group["interval"])
        for contact in document.get("contactPoints", ()):
            for one in contact["receivers"]:
                held.contacts[one["uid"]] = {**one, "name": contact["name"], "provenance": "file"}
        known = {one["name"] for one in held.contacts.values()}
        for policy in document.get("policies", ()):
            named = {policy["receiver"], *(one["receiver"] for one in policy.get("routes", ()))}
            if missing := sorted(named - known):
                return f"receiver {missing[0]!r} is missing"
            tree = {key: value for key, value in policy.items() if key != "orgId"}
            held.policy.clear()
            held.policy.update(tree, provenance="file")
        return ""

    def _folder_titled(self, title: str) -> str:
        for uid, one in self.folders.items():
            if one["title"] == title and not one["parentUid"]:
                return uid
        return self._new_folder(f"generated{self.next_id()}", title)

    def _new_folder(self, uid: str, title: str) -> str:
        number = self.next_id()
        self.folders[uid] = {
            "id": number,
            "uid": uid,
            "title": title,
            "parentUid": "",
            "version": 1,
        }
        return uid

    def _read_boards(self, document: Body) -> str:
        found = set()
        for provider in document["providers"]:
            uid, title = provider["folderUid"], provider["folder"]
            if uid not in self.folders:
                if any(one["title"] == title for one in self.folders.values()):
                    return "a folder with the same name already exists in the current location"
                self._new_folder(uid, title)
            inside = Path(provider["options"]["path"]).relative_to(self.mount)
            for path in sorted((self.root / inside).rglob("*.json")):
                found.add(self._read_board(json.loads(path.read_text()), uid))
        for uid in [uid for uid, one in self.boards.items() if one["provisioned"]]:
            if uid not in found:
                del self.boards[uid]
        return ""

    def _read_board(self, model: Body, folder: str) -> str:
        uid = str(model["uid"])
        now = self.now()
        there = self.boards.get(uid, {"id": self.next_id(), "version": 0, "created": now})
        self.boards[uid] = {
            "id": there["id"],
            "model": {key: model[key] for key in model if key not in {"id", "uid", "version"}},
            "version": there["version"] + 1,
            "folder": folder,
            "user": "",
            "creator": "",
            "created": there["created"],
            "updated": now,
            "message": "",
            "provisioned": True,
        }
        return uid


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]
