"""The data sources of the small Grafana."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

from tests.grafana.answers import Answer, Body, Numbers, Request, error


@dataclass(kw_only=True)
class Sources(Numbers):
    """What it holds of them, by uid."""

    sources: dict[str, Body] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    # The tokens InfluxDB accepts; None: all of them.
    tokens: set[str] | None = None

    def _datasources(self, method: str, request: Request) -> Answer:
        parts = request.parts[1:]
        if not parts:
            return self._listed_sources() if method == "GET" else self._add_source(request.body)
        there = self.sources.get(parts[1]) if parts[0] == "uid" and len(parts) > 1 else None
        if there is None:
            return error(404, "Data source not found")
        if parts[2:] == ["health"]:
            return self._source_health(there)
        if method == "GET":
            return 200, self._source(there)
        if there["readOnly"]:
            verb = "update" if method == "PUT" else "delete"
            return error(403, f"Cannot {verb} read-only data source")
        if method == "DELETE":
            del self.sources[there["uid"]], self.secrets[there["uid"]]
            return 200, {"message": "Data source deleted", "id": there["id"]}
        return self._update_source(there, request.body)

    def _listed_sources(self) -> Answer:
        found = sorted(self.sources.values(), key=lambda one: str(one["name"]).lower())
        return 200, [{key: one[key] for key in one if key != "version"} for one in found]

    def _source(self, source: Body) -> Body:
        fields = {name: True for name, value in self.secrets[source["uid"]].items() if value}
        return {**source, "secureJsonFields": fields}

    def _add_source(self, body: Body) -> Answer:
        uid = body.get("uid") or f"generated{self.next_id()}"
        if any(one["name"] == body["name"] for one in self.sources.values()):
            return error(409, "data source with the same name already exists")
        if uid in self.sources:
            return error(409, "data source with the same uid already exists")
        stored = self.stored_source({**body, "uid": uid}, self.next_id(), 1)
        self.secrets[uid] = dict(body.get("secureJsonData") or {})
        return 200, {
            "message": "Datasource added",
            "id": stored["id"],
            "name": stored["name"],
            "datasource": self._source(stored),
        }

    def _update_source(self, there: Body, body: Body) -> Answer:
        sent = int(body.get("version") or 0)
        if sent and there["version"] > sent:
            return error(
                409,
                "Datasource has already been updated by someone else. Please reload and try again",
            )
        others = [one for one in self.sources.values() if one is not there]
        if any(one["name"] == body["name"] for one in others):
            return error(
                409,
                "Failed to update datasource: data source with the same name already exists",
            )
        secrets = self.secrets.pop(there["uid"])
        del self.sources[there["uid"]]
        uid = body.get("uid") or there["uid"]
        stored = self.stored_source({**body, "uid": uid}, there["id"], sent + 1)
        self.secrets[uid] = {**secrets, **(body.get("secureJsonData") or {})}
        return 200, {
            "message": "Datasource updated",
            "id": stored["id"],
            "name": stored["name"],
            "datasource": self._source(stored),
        }

    def stored_source(self, body: Body, number: int, version: int) -> Body:
        """Keeps one, and what Grafana adds to it."""
        stored = {
            "id": number,
            "orgId": 1,
            "uid": body["uid"],
            "name": body["name"],
            "type": body["type"],
            "typeLogoUrl": "public/app/plugins/datasource/influxdb/img/influxdb_logo.svg",
            "access": body.get("access", ""),
            "url": body.get("url", ""),
            "user": body.get("user", ""),
            "database": body.get("database", ""),
            "basicAuth": bool(body.get("basicAuth")),
            "isDefault": bool(body.get("isDefault")),
            "jsonData": deepcopy(body.get("jsonData") or {}),
            "readOnly": False,
            "version": version,
        }
        if stored["isDefault"]:
            for one in self.sources.values():
                one["isDefault"] = False
        self.sources[stored["uid"]] = stored
        return stored

    def _source_health(self, source: Body) -> Answer:
        token = self.secrets[source["uid"]].get("token", "")
        if self.tokens is not None and token not in self.tokens:
            message = "error reading buckets: unauthorized: unauthorized access"
            return 400, {"message": message, "status": "ERROR"}
        return 200, {"message": "3 buckets found", "status": "OK"}
