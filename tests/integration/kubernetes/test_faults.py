"""What a cluster may do to tigctl, and what comes of it: in plan, apply, status and destroy.

Covers: every call answered once with 409, 429, 500, 503, not at all or too late; the same for
good; an expired list; a missing definition; a namespace stuck in Terminating; objects of others by
the same names. A door before the API server spoils its answers, the rest is real. Leaves out:
kills (test_killed.py), conflicts of fields (test_target.py), missing rights (test_rights.py).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.api import condition
from tests.cluster.plane import Plane
from tests.cluster.proxy import Call, Proxy, Spoilt
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Stage, bundle, labels, objects
from tigctl.backends.kubernetes import cluster as module
from tigctl.backends.kubernetes import wire
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.errors import Refused, Unreachable
from tigctl.errors import BackendError, TargetError
from tigctl.plan.health import health
from tigctl.targets.kubernetes import names, removing, snapshot
from tigctl.targets.model import Action

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
VERBS = ("plan", "apply", "status", "destroy")


class Faulty:
    """A tenant that runs, and a tigctl whose calls go through the door."""

    def __init__(self, stage: Stage, proxy: Proxy, directory: Path) -> None:
        self.stage = stage
        self.proxy = proxy
        stage.cluster = Cluster(kubeconfig=str(proxy.kubeconfig(directory)))
        self.wanted = bundle(stage.tenant)
        changed = objects(stage.tenant, telegraf="telegraf:1.39.4", config="# new\n")
        self.changed = bundle(stage.tenant, changed)

    def do(self, verb: str) -> object:
        """One of the verbs, as a new process of tigctl."""
        if verb == "plan":
            return self.stage.plan(self.changed)
        if verb == "apply":
            return self.stage.apply(self.changed)
        target = self.stage.target()
        try:
            if verb == "status":
                return health(self.wanted, target)
            return target.destroy(
                volumes=True, policies=True, namespace=True, observe=self.stage.observe
            )
        finally:
            target.close()

    def done(self, verb: str, result: object) -> None:
        """All that the verb is for is done."""
        if verb == "plan":
            assert isinstance(result, dict)
            assert {"ConfigMap telegraf-0", "Deployment telegraf-0"} == result.keys()
        elif verb == "apply":
            assert self.stage.plan(self.changed) == {}
        elif verb == "status":
            assert "running" in str(result)
        else:
            assert snapshot.take(self.stage.cluster, self.stage.namespace).namespace is None

    def once(self, answer: Callable[[Call], Spoilt | None]) -> None:
        """Each call that may be made twice is answered so the first time."""
        seen: set[tuple[str, str]] = set()

        def spoil(call: Call) -> Spoilt | None:
            known = (call.method, call.path) in seen
            seen.add((call.method, call.path))
            return None if known or not _repeatable(call) else answer(call)

        self.proxy.spoil = spoil


def _repeatable(call: Call) -> bool:
    """Reads, server-side apply and deletions; a way into a pod is no single call."""
    if "/portforward" in call.path:
        return False
    return call.method in {"GET", "DELETE"} or (call.method == "PATCH" and "force=" in call.path)


@pytest.fixture
def faulty(plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    monkeypatch.setattr(wire, "_pause", lambda _tried: 0.01)
    name = f"faulty-{next(_NUMBERS)}"
    with tenants.stage(plane, name, tmp_path) as stage, Proxy(plane) as proxy:
        made = Faulty(stage, proxy, tmp_path)
        stage.apply(made.wanted)
        yield made
        proxy.spoil = lambda _call: None


ONCE = {
    "429": Spoilt(429, {"Retry-After": "0"}),
    "500": Spoilt(500),
    "503": Spoilt(503),
    "no answer": Spoilt(0),
}


def test_what_passes_is_tried_again(faulty: Faulty) -> None:
    """A fault of each kind in turn, at every call that may be made twice."""
    kinds = itertools.cycle(ONCE.values())
    for verb in VERBS:
        faulty.once(lambda _call: next(kinds))
        faulty.done(verb, faulty.do(verb))


def test_an_answer_that_comes_too_late_is_asked_for_again(
    faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that the server takes all the same is made twice, and once is enough."""
    monkeypatch.setattr(wire, "_TIMEOUT_S", 1.0)
    late, never = iter(range(3)), threading.Event()

    def hang(call: Call) -> None:
        meant = "/deployments/telegraf-0" in call.path and call.method == "PATCH"
        if meant and next(late, None) is not None:
            never.wait(1.5)

    faulty.proxy.passed = hang
    faulty.done("apply", faulty.do("apply"))
    assert next(late, None) is None


def test_the_server_says_how_long_to_wait(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tigctl.backends.kubernetes.wire.time.sleep", pauses.append)
    answers = iter([Spoilt(429, {"Retry-After": "7"}), Spoilt(429, {"Retry-After": "9999"})])
    faulty.proxy.spoil = lambda _call: next(answers, None)
    faulty.stage.cluster.version()
    assert pauses == [7, wire._LONGEST_PAUSE_S]


@pytest.mark.parametrize(
    ("answer", "said", "hint"),
    [
        (Spoilt(429), "spoilt by the test with 429", "overloaded"),
        (Spoilt(500), "spoilt by the test with 500", ""),
        (Spoilt(0), "does not answer", "nothing is lost"),
    ],
    ids=["429", "500", "no answer"],
)
def test_what_does_not_pass_is_told_and_nothing_is_lost(
    faulty: Faulty, answer: Spoilt, said: str, hint: str
) -> None:
    for verb in VERBS:
        faulty.proxy.spoil = lambda _call: answer
        with pytest.raises((Refused, Unreachable), match=said) as error:
            faulty.do(verb)
        assert hint in str(error.value.hint)
        faulty.proxy.spoil = lambda _call: None
        faulty.done(verb, faulty.do(verb))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/configmaps/telegraf-0"),
        ("PATCH", "/deployments/telegraf-0"),
        ("PATCH", f"/configmaps/{names.INVENTORY}"),
    ],
)
def test_an_apply_that_fails_in_the_middle_goes_on(faulty: Faulty, method: str, path: str) -> None:
    faulty.proxy.spoil = lambda call: (
        Spoilt(500) if call.method == method and path in call.path else None
    )
    with pytest.raises(BackendError, match=r"refused to apply .* spoilt by the test"):
        faulty.stage.apply(faulty.changed)
    faulty.proxy.spoil = lambda _call: None
    faulty.stage.apply(faulty.changed)
    faulty.done("apply", None)


def test_two_who_write_at_once(faulty: Faulty) -> None:
    """The server gives up after some tries of its own; ours hold all the same."""
    faulty.once(lambda call: Spoilt(409, reason="Conflict") if call.method == "PATCH" else None)
    faulty.done("apply", faulty.do("apply"))

    faulty.proxy.spoil = lambda call: (
        Spoilt(409, reason="Conflict") if call.method == "PATCH" else None
    )
    with pytest.raises(Refused, match="refused to apply") as error:
        faulty.stage.apply(faulty.wanted)
    assert "at the same moment" in str(error.value.hint)


def test_a_list_that_expires_begins_anew(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    for verb in VERBS:
        faulty.once(
            lambda call: Spoilt(410, reason="Expired") if "continue=" in call.path else None
        )
        faulty.proxy.calls.clear()
        faulty.done(verb, faulty.do(verb))
        # What status lists of this small tenant fits a page.
        assert verb == "status" or any("continue=" in call.path for call in faulty.proxy.calls)


def test_a_definition_that_is_missing(faulty: Faulty) -> None:
    """As where Cilium was taken away: its objects went with it."""
    api, path = faulty.stage.plane.api, f"{_DEFINITIONS}/ciliumnetworkpolicies.cilium.io"
    definition = api.get(path)
    api.delete(path)
    try:
        faulty.stage.plane.wait(lambda: api.find(path) is None, "end of the definition")
        faulty.stage.plane.wait(lambda: not _fresh(faulty).knows(names.POLICY), "news of it")
        faulty.stage.cluster = _fresh(faulty)
        for verb in ("plan", "apply"):
            with pytest.raises(TargetError, match="does not know CiliumNetworkPolicy") as error:
                faulty.do(verb)
            assert "nothing was done" in error.value.message
            assert "install Cilium, or leave policies out" in str(error.value.hint)
        without = bundle(faulty.stage.tenant, faulty.changed.kubernetes)
        faulty.stage.apply(without, policies=False)
        faulty.done("status", faulty.do("status"))
        faulty.done("destroy", faulty.do("destroy"))
    finally:
        metadata = {"name": definition["metadata"]["name"]}
        annotations = definition["metadata"].get("annotations") or {}
        api.create(
            {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {**metadata, "annotations": annotations},
                "spec": definition["spec"],
            }
        )
        wait = faulty.stage.plane.wait
        wait(lambda: condition(api.get(path), "Established") == "True", "definition")
        wait(lambda: _fresh(faulty).knows(names.POLICY), "news of it")


def _fresh(faulty: Faulty) -> Cluster:
    """As another process has it: nothing is remembered."""
    return Cluster(kubeconfig=str(faulty.stage.plane.kubeconfig))


def test_a_namespace_that_is_stuck(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "_PATIENCE_S", 1.0)
    stage, api = faulty.stage, faulty.stage.plane.api
    path = f"/api/v1/namespaces/{stage.namespace}"
    api.patch(path, {"metadata": {"finalizers": ["example.com/held"]}})
    with pytest.raises(TargetError, match=r"still being deleted.*example\.com/held"):
        faulty.do("destroy")

    for verb in ("plan", "apply"):
        with pytest.raises(TargetError, match="is being deleted since") as error:
            faulty.do(verb)
        assert "finalizer" in str(error.value.hint)
    (component,) = stage.target().components()
    assert (component.name, component.state) == (f"namespace {stage.namespace}", "stopped")
    assert "example.com/held" in component.reason
    with pytest.raises(TargetError, match=r"still being deleted.*example\.com/held"):
        faulty.do("destroy")

    api.patch(path, {"metadata": {"finalizers": None}})
    monkeypatch.setattr(removing, "_PATIENCE_S", 60.0)
    faulty.done("destroy", faulty.do("destroy"))


def test_a_namespace_that_somebody_deletes_meanwhile(faulty: Faulty) -> None:
    stage, api = faulty.stage, faulty.stage.plane.api
    path = f"/api/v1/namespaces/{stage.namespace}"
    held = {"metadata": {"finalizers": ["example.com/held"]}}
    began = iter([1])

    def delete(call: Call) -> None:
        if call.method == "POST" and "/leases" in call.path and next(began, 0):
            api.patch(path, held)
            api.delete(path)
            stage.plane.wait(lambda: not api.list(f"{path}/configmaps"), "end of what is in it")

    faulty.proxy.passed = delete
    target = stage.target()
    changes = target.changes(faulty.changed)
    with pytest.raises((TargetError, Refused)) as error:
        target.apply(faulty.changed, changes, {}, stage.steps.append)
    target.close()
    # What is told goes by what is gone first: the namespace, or the pods in it.
    said = f"{error.value.message} {error.value.hint}"
    assert "namespace" in said or "no pod of InfluxDB is ready" in said
    assert "again" in said
    faulty.proxy.passed = lambda _call: None
    api.patch(path, {"metadata": {"finalizers": None}})
    stage.plane.wait(lambda: api.find(path) is None, "end of the namespace")


def test_others_have_objects_of_the_same_names(faulty: Faulty) -> None:
    """A StatefulSet and a Secret that somebody made by hand, with our labels or without."""
    stage, api = faulty.stage, faulty.stage.plane.api
    faulty.do("destroy")
    path = f"/api/v1/namespaces/{stage.namespace}"
    stage.plane.wait(lambda: api.find(path) is None, "end of the namespace")
    theirs = [one for one in objects(stage.tenant) if one["kind"] in {"Namespace", "StatefulSet"}]
    theirs[0]["metadata"]["labels"] = {"team": "other"}
    theirs[1]["metadata"]["labels"] = labels("somebody", "influxdb")
    for one in theirs:
        api.create(one)

    planned = stage.plan(faulty.wanted)
    assert planned["StatefulSet influxdb"].action is Action.ADOPT
    with pytest.raises(TargetError, match=r"not ours: .*StatefulSet influxdb.*nothing was done"):
        faulty.do("apply")
    assert health(faulty.wanted, stage.target()).components == ()
    assert faulty.stage.target().destroy(volumes=True, observe=stage.observe) == {
        "namespace": stage.namespace
    }
    with pytest.raises(TargetError, match="holds what tigctl did not make"):
        faulty.do("destroy")
    api.delete(path)
