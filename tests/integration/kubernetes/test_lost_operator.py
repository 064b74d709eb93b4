"""The operator's token of a tenant's InfluxDB is lost: `apply --recover-operator` brings it back.

Covers: what plan and apply say of it; a new token that no log ever held, and no former one that
works; tigctl killed with -9 at each step of it; no log to be read. InfluxDB, its recovery and the
API server are real. Leaves out: the init container itself, which tests/node runs.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.plane import Plane
from tests.integration.kubernetes import lostoperator
from tests.integration.kubernetes.killing import Killing, call
from tests.integration.kubernetes.lostoperator import LostStage
from tests.integration.kubernetes.tenants import bundle
from tests.integration.servers import request
from tigctl.errors import TargetError
from tigctl.targets import database
from tigctl.targets.kubernetes import names
from tigctl.targets.model import Action

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
Lost = tuple[Killing, LostStage]


@pytest.fixture
def lost(plane: Plane, tmp_path: Path) -> Iterator[Lost]:
    """A tenant that runs."""
    with lostoperator.lost(plane, f"lost-{next(_NUMBERS)}", tmp_path) as (killing, stage):
        stage.apply(bundle(stage.tenant))
        yield killing, stage


def recovered(killing: Killing, stage: LostStage, former: str) -> None:
    """All is as it was, but for the operator's token; none that was ever shown works."""
    killing.converges(bundle(stage.tenant))
    stored = killing.secrets()[names.OPERATOR_SECRET]
    assert stored.keys() == {"token", "password"}
    assert stage.accepts(stored["token"])
    assert not stage.accepts(former)
    assert stage.shown
    assert not any(map(stage.accepts, stage.shown))
    status, _ = request(
        "POST", f"{stage.url}/api/v2/signin", basic=f"{database.USER}:{stored['password']}"
    )
    assert status == 204
    assert stage.containers("initContainers") == []


@pytest.mark.parametrize("how", ["deleted", "another"])
def test_a_lost_token_is_replaced_by_one_command(lost: Lost, how: str) -> None:
    killing, stage = lost
    wanted = bundle(stage.tenant)
    before = killing.secrets()
    former = stage.lose(how)

    (planned,) = (one for one in stage.plan(wanted).values() if one.kind != "Secret")
    assert (planned.action, planned.kind) == (Action.UPDATE, "Organization")
    assert "--recover-operator" in str(planned.fields[0].wanted)
    with pytest.raises(TargetError, match="does not accept the operator's token") as error:
        stage.apply(wanted)
    assert f"tigctl apply {stage.tenant} --recover-operator" in str(error.value.hint)
    assert stage.accepts(former), "nothing was done unasked"

    assert killing.run("recover", wanted) == 0

    recovered(killing, stage, former)
    after = killing.secrets()
    for name in (names.WRITER_SECRET, names.READER_SECRET):
        assert after[name] == before[name], "nobody else needs a new token"


def test_where_nothing_is_lost_nothing_is_done(lost: Lost) -> None:
    killing, stage = lost
    before = killing.secrets()
    assert killing.run("recover", bundle(stage.tenant)) == 0
    assert killing.secrets() == before
    assert not any(
        "/statefulsets/" in one.path and one.method == "PATCH" for one in killing.proxy.calls
    )


_SECRET = f"/secrets/{names.OPERATOR_SECRET}"
STEPS = {
    "init container": ("PATCH", "/statefulsets/influxdb", 1),
    # Each apply stores a password and a token where the Secret is gone.
    "token of the log": ("PATCH", _SECRET, 3),
    "init container gone": ("PATCH", "/statefulsets/influxdb", 2),
    "token that nobody saw": ("POST", "influxdb:/api/v2/authorizations", 1),
    "its storing": ("PATCH", _SECRET, 4),
    "former token": ("DELETE", "influxdb:/api/v2/authorizations/", 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_in_between_it_goes_on(lost: Lost, step: str) -> None:
    killing, stage = lost
    wanted = bundle(stage.tenant)
    former = stage.lose("deleted")
    assert killing.run("recover", wanted, call(*STEPS[step])) == -signal.SIGKILL
    assert killing.run("recover", wanted) == 0
    recovered(killing, stage, former)


def test_once_the_token_is_stored_any_apply_ends_it(lost: Lost) -> None:
    killing, stage = lost
    wanted = bundle(stage.tenant)
    former = stage.lose("deleted")
    assert killing.run("recover", wanted, call(*STEPS["token of the log"])) == -signal.SIGKILL
    assert f"Organization {stage.tenant}" in stage.plan(wanted)
    recovered(killing, stage, former)


def test_without_a_log_influxdb_runs_on_as_before(lost: Lost) -> None:
    _, stage = lost
    former = stage.lose("deleted")
    with pytest.raises(TargetError, match="shows no token"):
        stage.apply(bundle(stage.tenant), recover_operator=True)
    assert stage.containers("initContainers") == []
    assert stage.accepts(former)
