"""What the small Grafana holds, and which part of it answers a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.grafana.alerting import Alerting
from tests.grafana.answers import Answer, Request, error
from tests.grafana.boards import Boards
from tests.grafana.sources import Sources


@dataclass
class State(Sources, Boards):
    """All of it. `passwords` by user; the first one is the administrator."""

    passwords: dict[str, str]
    failed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alerting = Alerting(self.folders)

    def answer(self, method: str, request: Request) -> Answer:
        kind = request.parts[0] if request.parts else ""
        if request.parts[:2] == ["v1", "provisioning"]:
            return self.alerting.answer(method, request.parts[2:], request.body)
        if request.parts == ["prometheus", "grafana", "api", "v1", "rules"] and method == "GET":
            return self.alerting.firing()
        handler: Callable[[str, Request], Answer] | None = {
            "user": self._user,
            "admin": self._admin,
            "datasources": self._datasources,
            "folders": self._folders,
            "search": self._search,
            "dashboards": self._dashboards,
        }.get(kind)
        return handler(method, request) if handler else error(404, "Not found")

    def allows(self, user: str, password: str) -> bool:
        right = self.failed.get(user, 0) < 5 and self.passwords.get(user) == password
        self.failed[user] = 0 if right else self.failed.get(user, 0) + 1
        return right

    def _user(self, method: str, request: Request) -> Answer:
        if method != "GET":
            return error(404, "Not found")
        number = list(self.passwords).index(request.user) + 1
        return 200, {
            "id": number,
            "login": request.user,
            "email": f"{request.user}@localhost",
            "orgId": 1,
            "isGrafanaAdmin": number == 1,
        }

    def _admin(self, method: str, request: Request) -> Answer:
        """Nothing of it here: a Grafana that reads files has more."""
        return error(404, f"Not found: {method} /api/{'/'.join(request.parts)}")
