"""Folders and boards of the small Grafana, and the search for boards."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field

from tests.grafana.answers import Answer, Body, Numbers, Request, error

_UID = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(kw_only=True)
class Boards(Numbers):
    """What it holds of them, by uid."""

    folders: dict[str, Body] = field(default_factory=dict)
    boards: dict[str, Body] = field(default_factory=dict)

    # Folders

    def _folders(self, method: str, request: Request) -> Answer:
        parts = request.parts[1:]
        if not parts:
            return self._all_folders(request) if method == "GET" else self._add_folder(request)
        there = self.folders.get(parts[0])
        if there is None:
            return error(404, "folder not found", status="not-found")
        if parts[1:] == ["move"] and method == "POST":
            there["parentUid"] = request.body.get("parentUid") or ""
            return 200, self._folder(there)
        if method == "GET":
            return 200, self._folder(there)
        if method == "DELETE":
            self._delete_folder(parts[0])
            return 200, {"message": "Folder deleted"}
        if not request.body.get("overwrite") and request.body.get("version") != there["version"]:
            return error(
                412, "the folder has been changed by someone else", status="version-mismatch"
            )
        there["title"] = request.body["title"]
        there["version"] += 1
        return 200, self._folder(there)

    def _all_folders(self, request: Request) -> Answer:
        level = request.one("parentUid")
        found = [one for one in self.folders.values() if one["parentUid"] == level]
        listed = [{key: one[key] for key in ("id", "uid", "title")} for one in found]
        return 200, request.page(listed)

    def _folder(self, folder: Body) -> Body:
        return {key: folder[key] for key in folder if key != "parentUid" or folder[key]}

    def _add_folder(self, request: Request) -> Answer:
        uid = request.body.get("uid") or f"generated{self.next_id()}"
        if uid in self.folders:
            return error(409, "a folder with the same uid already exists")
        if not request.body.get("title"):
            return error(400, "folder title cannot be empty")
        self.folders[uid] = {
            "id": self.next_id(),
            "uid": uid,
            "title": request.body["title"],
            "parentUid": request.body.get("parentUid") or "",
            "version": 1,
        }
        return 200, self._folder(self.folders[uid])

    def _delete_folder(self, uid: str) -> None:
        del self.folders[uid]
        for board in [one for one in self.boards if self.boards[one]["folder"] == uid]:
            del self.boards[board]
        for inner in [one for one in self.folders if self.folders[one]["parentUid"] == uid]:
            self._delete_folder(inner)

    # Boards

    def _search(self, method: str, request: Request) -> Answer:
        if method != "GET":
            return error(404, "Not found")
        tags, folders = request.query.get("tag", []), request.query.get("folderUIDs", [])
        found = []
        for uid, board in sorted(self.boards.items()):
            model = board["model"]
            if folders and board["folder"] not in folders:
                continue
            if not set(tags) <= set(model.get("tags") or ()):
                continue
            hit: Body = {
                "id": board["id"],
                "uid": uid,
                "title": model["title"],
                "uri": f"db/{uid}",
                "url": f"/d/{uid}/{uid}",
                "type": "dash-db",
                "tags": model.get("tags") or [],
                "isStarred": False,
            }
            if board["folder"]:
                title = self.folders[board["folder"]]["title"]
                hit |= {"folderUid": board["folder"], "folderTitle": title}
            found.append(hit)
        return 200, request.page(found)

    def _dashboards(self, method: str, request: Request) -> Answer:
        parts = request.parts[1:]
        if parts == ["db"] and method == "POST":
            return self._save_board(request)
        there = self.boards.get(parts[1]) if parts[:1] == ["uid"] and len(parts) == 2 else None
        if there is None:
            return error(404, "Dashboard not found", status="not-found")
        if method == "DELETE":
            if there["provisioned"]:
                return error(400, "provisioned dashboard cannot be deleted")
            del self.boards[parts[1]]
            title = there["model"]["title"]
            return 200, {"title": title, "message": f"Dashboard {title} deleted"}
        return 200, self._board(parts[1], there)

    def _board(self, uid: str, board: Body) -> Body:
        folder = self.folders.get(board["folder"], {"uid": "", "title": "General"})
        model = {**board["model"], "id": board["id"], "uid": uid, "version": board["version"]}
        meta = {
            "type": "db",
            "canSave": True,
            "url": f"/d/{uid}/{uid}",
            "slug": uid,
            "expires": "0001-01-01T00:00:00Z",
            "created": board["created"],
            "updated": board["updated"],
            "updatedBy": board["user"],
            "createdBy": board["creator"],
            "version": board["version"],
            "isFolder": False,
            "folderUid": folder["uid"],
            "folderTitle": folder["title"],
            "provisioned": board["provisioned"],
            "provisionedExternalId": "",
        }
        return {"meta": meta, "dashboard": deepcopy(model)}

    def _save_board(self, request: Request) -> Answer:
        model = deepcopy(request.body["dashboard"])
        uid = model.get("uid") or f"generated{self.next_id()}"
        if not _UID.fullmatch(uid):
            return error(400, "uid contains illegal characters")
        if len(uid) > 40:
            return error(400, "uid too long, max 40 characters")
        if not model.get("title"):
            return error(400, "Dashboard title cannot be empty", status="empty-name")
        folder = request.body.get("folderUid") or ""
        if folder and folder not in self.folders:
            return error(400, "folder not found")
        there = self.boards.get(uid)
        if there and there["provisioned"]:
            return error(400, "Cannot save provisioned dashboard")
        if (
            there
            and not request.body.get("overwrite")
            and (model.get("version") or 0) != there["version"]
        ):
            return error(
                412, "The dashboard has been changed by someone else", status="version-mismatch"
            )
        now = self.now()
        self.boards[uid] = {
            "id": there["id"] if there else self.next_id(),
            "model": {key: model[key] for key in model if key not in {"id", "uid", "version"}},
            "version": there["version"] + 1 if there else 1,
            "folder": folder,
            "user": request.user,
            "creator": there["creator"] if there else request.user,
            "created": there["created"] if there else now,
            "updated": now,
            "message": request.body.get("message", ""),
            "provisioned": False,
        }
        return 200, {
            "id": self.boards[uid]["id"],
            "uid": uid,
            "url": f"/d/{uid}/{uid}",
            "slug": uid,
            "status": "success",
            "version": self.boards[uid]["version"],
            "folderUid": folder,
        }
