"""The Kubernetes target: the verbs of every target, in a namespace of a cluster."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence

from tigctl.backends.grafana import Grafana
from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError, UsageError
from tigctl.render.bundle import Bundle
from tigctl.targets import database
from tigctl.targets.environment import refuse_unset
from tigctl.targets.interface import Access, Component, Observer, Opening, Revision
from tigctl.targets.keeping import Choice, Held, Kept, Key, Settled, decided, said
from tigctl.targets.kubernetes import (
    comparing,
    components,
    fitting,
    keeping,
    lease,
    names,
    pools,
    removing,
    revisions,
    sized,
    snapshot,
    unknown,
)
from tigctl.targets.kubernetes.applying import Applying
from tigctl.targets.kubernetes.inventory import Inventory
from tigctl.targets.kubernetes.objects import Difference, differences
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.pools import Ground
from tigctl.targets.kubernetes.reach import Reach
from tigctl.targets.kubernetes.secret_store import SecretStore
from tigctl.targets.kubernetes.snapshot import Snapshot
from tigctl.targets.kubernetes.wanted import device_values, wanted_objects
from tigctl.targets.kubernetes.waves import GRAFANA, INFLUXDB
from tigctl.targets.model import Action, Change, FieldChange, Json


class KubernetesTarget:
    """One tenant's stack in its namespace.

    `known` is a snapshot with its inventory that was taken for many tenants at once; without
    one, the cluster is asked. `ground` is what the workspace says of addresses; `addresses` are
    those of the entrances that were wanted last, by Service.
    """

    name = "kubernetes"

    def __init__(
        self,
        cluster: Cluster,
        tenant: str,
        namespace: str,
        options: Options | None = None,
        *,
        grafana_path: str = "/",
        ground: Ground | None = None,
        known: tuple[Snapshot, Inventory] | None = None,
    ) -> None:
        self.cluster = cluster
        self.tenant = tenant
        self.namespace = namespace
        self.options = options or Options()
        self.secrets = SecretStore(cluster, tenant, namespace)
        self.reach = Reach(cluster, tenant, namespace)
        self.addresses: Mapping[str, str] = {}
        self._grafana_path = grafana_path
        self._ground = ground or Ground()
        self._known = known
        self._found: Sequence[Difference] = ()
        self._held: tuple[Held, ...] = ()
        self.only: frozenset[Key] | None = None
        self._last = 0
        self.revision = 0  # that the last apply of this object left

    def ping_method(self, setting: str) -> str:
        """`exec` for `auto`: native ping needs a capability that `restricted` forbids."""
        return "exec" if setting == "auto" else setting

    # Looking

    def changes(self, bundle: Bundle) -> tuple[Change, ...]:
        """What makes the cluster, its InfluxDB and its Grafana what the bundle says."""
        there, inventory = self.look()
        self.refuse_ending(there)
        self._last = inventory.revision
        wanted = self.wanted(bundle, there, inventory)
        self._found = found = self._differences(wanted, there, inventory, detail=True)
        inside = Settled()
        if not self.options.objects_only:
            inside = comparing.compared(self, bundle, there, inventory.kept)
        self._held = (*keeping.held(inventory.kept.values(), wanted), *inside.held)
        return (
            *(sized.explained(one.change, bundle) for one in found if one.wanted is not None),
            *filter(self._takes, (*self._secret_changes(bundle, there), *inside.changes)),
            *(one.change for one in found if one.wanted is None),
        )

    def _takes(self, change: Change) -> bool:
        return Choice(only=self.only).takes(change.kind, change.name)

    def held(self) -> tuple[Held, ...]:
        """What decisions hold back; after `changes`."""
        return self._held

    def kept(self) -> tuple[Kept, ...]:
        """The decisions to leave things as somebody made them."""
        return tuple(Inventory.load(self.cluster, self.namespace).kept.values())

    def narrow(self, only: Collection[Key]) -> None:
        """From now on these changes only."""
        if not self.exists():
            raise UsageError(
                f"{self.tenant}: nothing is applied yet, so there is no part of it to repair",
                hint=f"tigctl apply {self.tenant}",
            )
        self.only = frozenset(only)

    def room(self, bundle: Bundle) -> Mapping[str, Json]:
        """What the tenant asks of the nodes, and whether what `changes` found would fit."""
        return fitting.needs(
            self.cluster, self.namespace, bundle.kubernetes, self._found, count=self._known is None
        )

    def look(self) -> tuple[Snapshot, Inventory]:
        """What is there now (or was, when many tenants were looked at together)."""
        if self._known:
            return self._known
        there = snapshot.take(self.cluster, self.namespace)
        if there.namespace is None:
            return there, Inventory()
        return there, Inventory.load(self.cluster, self.namespace)

    def differences(
        self, bundle: Bundle, there: Snapshot, inventory: Inventory, *, detail: bool = True
    ) -> list[Difference]:
        """The Kubernetes objects that are not as they should be; see `objects.differences`."""
        wanted = self.wanted(bundle, there, inventory)
        return self._differences(wanted, there, inventory, detail=detail)

    def _differences(
        self, wanted: Sequence[Object], there: Snapshot, inventory: Inventory, *, detail: bool
    ) -> list[Difference]:
        found = differences(self.cluster, wanted, there, inventory, detail=detail)
        new = (one.ref.kind for one in found if one.change.action is Action.CREATE)
        unknown.refuse(self.cluster, self.tenant, new)
        return [
            one
            for one in found
            if self._takes(one.change) and (one.wanted is not None or self._may_go(one.ref))
        ]

    def wanted(self, bundle: Bundle, there: Snapshot, inventory: Inventory) -> list[Object]:
        """The bundle's objects, completed by what only the cluster knows."""
        found, self.addresses = pools.filled(
            self.cluster, bundle.kubernetes, there, self._ground, inventory.addresses
        )
        return wanted_objects(found, there, self.namespace, self.options)

    def _may_go(self, ref: Ref) -> bool:
        """A volume is data: only `destroy -P` takes it away."""
        return ref.kind != names.VOLUME and (self.options.policies or ref.kind != names.POLICY)

    def _secret_changes(self, bundle: Bundle, there: Snapshot) -> list[Change]:
        """The devices' secrets, compared where the environment holds them. Names only."""
        values = device_values(bundle, os.environ)
        if not bundle.telegraf or not any(values.values()):
            if bundle.telegraf and values and there.namespace is None:
                return [self._secret(dict.fromkeys(values, "stored"), None)]
            return []
        stored = self.secrets.read(names.DEVICES_SECRET) if there.namespace else {}
        now: dict[str, Json] = {
            name: "stored" if not values[name] or stored[name] == values[name] else "former value"
            for name in values
            if name in stored
        }
        wanted: dict[str, Json] = dict.fromkeys(values, "stored")
        now |= {name: "of no use any more" for name in stored if name not in values}
        return [] if now == wanted else [self._secret(wanted, now if stored else None)]

    def _secret(self, wanted: Mapping[str, Json], now: Mapping[str, Json] | None) -> Change:
        fields = tuple(
            FieldChange(f"data.{key}", (now or {}).get(key), wanted.get(key))
            for key in dict.fromkeys((*wanted, *(now or {})))
            if (now or {}).get(key) != wanted.get(key)
        )
        action = Action.CREATE if now is None else Action.UPDATE
        return Change(action, "Secret", names.DEVICES_SECRET, fields)

    @contextlib.contextmanager
    def grafana(self) -> Iterator[Grafana | None]:
        """Grafana as its administrator; None where no pod of it is ready or nobody set it up."""
        url = self.reach.url(GRAFANA)
        login = self.secrets.read(names.GRAFANA_SECRET) if url else {}
        if not url or not login.get("password"):
            yield None
            return
        prefix = self._grafana_path.rstrip("/")
        with Grafana(url, login.get("user", "admin"), login["password"], prefix) as grafana:
            yield grafana

    def components(self) -> tuple[Component, ...]:
        """The state of each workload that tigctl made; none where nothing was applied."""
        return components.components(self.cluster, self.tenant, self.namespace)

    def access(self) -> Access | None:
        """How to read the data; None where no InfluxDB is ready or no token is stored."""
        url = self.reach.url(INFLUXDB)
        token = self.secrets.read_secret(database.secret_of("read")) if url else ""
        return Access(url, self.tenant, token) if url and token else None

    # Doing

    def apply(
        self,
        bundle: Bundle,
        changes: Sequence[Change],
        environ: Mapping[str, str],
        observe: Observer,
    ) -> None:
        """Carries out what is different, wave by wave; a Lease keeps others out meanwhile.

        It looks for itself instead of trusting `changes`, for the world may have moved; whether
        there are any decides only about a new revision.
        """
        refuse_unset(bundle.telegraf, environ, bundle.grafana.variables)
        self._known = None
        changed = any(one.action is not Action.CONFLICT for one in changes)
        Applying(self, bundle, environ, observe, changed=changed).run()

    def keep(self, bundle: Bundle, chosen: Collection[Key], since: str) -> None:
        """Notes in the inventory that these differences stay."""
        with lease.held(self.cluster, self.tenant, self.namespace):
            there, inventory = self.look()
            differing = self.differences(bundle, there, inventory, detail=False)
            found = {(one.ref.kind, one.ref.name): one for one in differing}
            inside = comparing.compared(self, bundle, there, inventory.kept)
            changes = {(one.kind, one.name): one for one in inside.changes}
            kept = dict(inventory.kept)
            for key in chosen:
                if bundle.grafana.files and key[0] in comparing.GRAFANA_KINDS:
                    raise UsageError(
                        f"{said(key)}: this Grafana has no volume and is built from files at each"
                        " start, so nothing of it can be kept",
                        hint="give it a volume (storage.grafana), or change the files",
                    )
                if key in found:
                    kept[key] = keeping.decided(found[key], kept.get(key), since)
                elif key in changes:
                    kept[key] = decided(changes[key], inside.live.get(key), kept.get(key), since)
            inventory.but(kept=kept).save(self.cluster, self.tenant, self.namespace)

    def give_back(self, chosen: Collection[Key]) -> None:
        """Ends decisions."""
        with lease.held(self.cluster, self.tenant, self.namespace):
            inventory = Inventory.load(self.cluster, self.namespace)
            left = {key: one for key, one in inventory.kept.items() if key not in chosen}
            inventory.but(kept=left).save(self.cluster, self.tenant, self.namespace)

    def refuse_ending(self, there: Snapshot) -> None:
        """Raises TargetError where the namespace is being deleted."""
        if there.ending:
            raise TargetError(
                f"{self.tenant}: namespace {self.namespace} is being deleted since"
                f" {there.namespace and there.namespace.get('deletionTimestamp')}",
                hint="wait until it is gone; one that is stuck waits for a finalizer: kubectl get"
                f" namespace {self.namespace} -o yaml shows which",
            )

    def destroy(
        self,
        *,
        volumes: bool,
        observe: Observer,
        policies: bool = False,
        namespace: bool = False,
    ) -> Mapping[str, Json]:
        """Takes away what tigctl made. Keeps what it is not told to take, and returns that."""
        there = snapshot.take(self.cluster, self.namespace)
        if there.namespace is None:
            return {}
        wishes = removing.Wishes(volumes=volumes, policies=policies, namespace=namespace)
        self.reach.close()
        if there.ending and namespace:
            removing.wait_gone(self.cluster, self.tenant, self.namespace)
            return {}
        self.refuse_ending(there)
        with lease.held(self.cluster, self.tenant, self.namespace) as held:
            return removing.remove(
                self.cluster, self.tenant, there, wishes, observe=observe, checked=held.check
            )

    def exists(self) -> bool:
        """Whether the tenant's namespace is there."""
        return (
            self.cluster.get(Ref("Namespace", "", self.namespace), metadata_only=True) is not None
        )

    def fate(self, *, volumes: bool, policies: bool = False, namespace: bool = False) -> str:
        """What `destroy` would do, counted."""
        wishes = removing.Wishes(volumes=volumes, policies=policies, namespace=namespace)
        there = snapshot.take(self.cluster, self.namespace)
        return removing.fate(self.tenant, there, wishes)

    def revisions(self) -> tuple[Revision, ...]:
        """The applies that can be gone back to, oldest first."""
        return tuple(revisions.numbers(self.cluster, self.tenant, self.namespace))

    def bundle_of(self, revision: int) -> Bundle:
        """The bundle that an apply carried out."""
        return revisions.load(self.cluster, self.tenant, self.namespace, revision)

    def former(self) -> tuple[int, Bundle] | None:
        """The revision that the last apply left; None where there is none or it is not whole."""
        if not self._last:
            return None
        try:
            return self._last, self.bundle_of(self._last)
        except TargetError:
            return None

    # A way in

    def opening(self, what: str) -> Opening:
        """A port of this machine that leads to Grafana or InfluxDB while this program runs."""
        url = self.reach.url(what)
        if url is None:
            raise TargetError(
                f"no pod of {what} of {self.tenant} is ready",
                hint=f"tigctl status {self.tenant} says why",
            )
        where = f"of namespace {self.namespace}"
        if what == INFLUXDB:
            return Opening(
                url=url,
                user=database.USER,
                password=f"in Secret {names.OPERATOR_SECRET} {where}, key password",
                token=f"in Secret {names.READER_SECRET} {where}, key token (may only read)",
                lasts=False,
            )
        secret = f"in Secret {names.GRAFANA_SECRET} {where}, key password"
        public = self._grafana_url()
        return Opening(url=url, user="admin", password=secret, lasts=False, public=public)

    def closing_words(self, *, new: bool) -> str:
        """Which revision this is, and how to undo it."""
        revision = self.revision or Inventory.load(self.cluster, self.namespace).revision
        undo = f"     Undo: tigctl rollback {self.tenant}" if revision > 1 and not new else ""
        url = self._grafana_url()
        where = f" Grafana: {url}" if url else ""
        return f"{self.tenant} is at revision {revision} in {self.namespace}.{where}{undo}"

    def _grafana_url(self) -> str:
        """Where people reach Grafana; empty where only `tigctl open` leads there."""
        found = self.cluster.get(Ref("Deployment", self.namespace, GRAFANA))
        return components.url_of(found) if found else ""

    def close(self) -> None:
        """Closes the ways into pods."""
        self.reach.close()
