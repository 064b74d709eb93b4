"""One apply on a cluster: small named steps, each of which may be the last before a kill."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError, TigctlError
from tigctl.render.bundle import Bundle
from tigctl.targets import database, influxdb_state
from tigctl.targets import keeping as decisions
from tigctl.targets.interface import Observer
from tigctl.targets.keeping import Choice
from tigctl.targets.kubernetes import (
    claims,
    fitting,
    keeping,
    lease,
    names,
    pools,
    recovering,
    revisions,
    snapshot,
    waiting,
    waves,
)
from tigctl.targets.kubernetes.carry import Carrier
from tigctl.targets.kubernetes.comparing import GRAFANA_KINDS
from tigctl.targets.kubernetes.inside import Inside
from tigctl.targets.kubernetes.inventory import Applied, Inventory
from tigctl.targets.kubernetes.objects import Difference, differences, stamped
from tigctl.targets.kubernetes.snapshot import Snapshot
from tigctl.targets.kubernetes.wanted import device_values, reads_secrets
from tigctl.targets.model import Action
from tigctl.targets.steps import step

if TYPE_CHECKING:
    from tigctl.targets.kubernetes.target import KubernetesTarget

_NAMED = 4


class Applying:
    """Carries a bundle out; made for one run."""

    def __init__(
        self,
        target: KubernetesTarget,
        bundle: Bundle,
        environ: Mapping[str, str],
        observe: Observer,
        *,
        changed: bool,
    ) -> None:
        self.changed = changed
        self.target = target
        self.bundle = bundle
        self.environ = environ
        self.observe = observe
        self._inside = Inside(target, bundle)
        self._carrier: Carrier
        self._there: Snapshot
        self._made: Mapping[Ref, Applied] = {}  # before there was a carrier

    def run(self) -> None:
        """All steps. Raises TargetError, BackendError or Busy; run again, it goes on."""
        target = self.target
        there, inventory = target.look()
        target.refuse_ending(there)
        found = target.differences(self.bundle, there, inventory, detail=False)
        self._refuse(found)
        self._check_room(found)
        new = there.namespace is None
        self._made = self._make_namespace(found) if new else {}
        with lease.held(target.cluster, target.tenant, target.namespace) as held:
            if not new:
                inventory = Inventory.load(target.cluster, target.namespace)
            inventory = inventory.but(objects={**inventory.objects, **self._made})
            self._carrier = Carrier(
                target.cluster, target.tenant, target.namespace, inventory, held.check
            )
            self._inside.choice = Choice(inventory.kept, target.only)
            if target.options.adopt:
                found = self._keep(found)
            target.secrets.fetch(new=new)
            try:
                self._steps(found, there)
            except BaseException:
                with contextlib.suppress(TigctlError):
                    self._carrier.save()
                raise
            finally:
                target.secrets.forget()
            self._note(found, there)
            self._share_kept(found, there)
            # A part of a bundle is no revision to go back to.
            whole = target.only is None
            if whole and (self.changed or found or not inventory.revision):
                self._remember()
            elif self._carrier.inventory != inventory:
                self._carrier.save()
            target.revision = self._carrier.inventory.revision

    def _refuse(self, found: Sequence[Difference]) -> None:
        """Nothing is done where something belongs to others, unless it shall be taken over."""
        others = [one for one in found if one.change.action in {Action.ADOPT, Action.CONFLICT}]
        if not others or self.target.options.adopt:
            return
        told = ", ".join(
            f"{one.ref} ({'made' if one.change.action is Action.ADOPT else 'applied'} by"
            f" {one.change.manager})"
            for one in others[:_NAMED]
        )
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        raise TargetError(
            f"{self.target.tenant}: not ours: {told}{more}; nothing was done",
            hint=f"look: tigctl plan {self.target.tenant} -v; take over what others made, and keep"
            f" what they changed: tigctl apply {self.target.tenant} --adopt",
        )

    def _check_room(self, found: Sequence[Difference]) -> None:
        """Nothing is done where a pod that is new or grows would wait for a node."""
        target = self.target
        if target.options.capacity:
            fitting.check(target.cluster, target.tenant, target.namespace, found)

    def _keep(self, found: Sequence[Difference]) -> list[Difference]:
        """What others set on our objects is wanted from now on."""
        since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        kept = keeping.all_drifted(found, self._carrier.inventory.kept, since)
        self._inside.choice = replace(self._inside.choice, kept=kept)
        self._carrier.inventory = self._carrier.inventory.but(kept=kept)
        return self._now(snapshot.take(self.target.cluster, self.target.namespace))

    def _make_namespace(self, found: Sequence[Difference]) -> dict[Ref, Applied]:
        """Before the Lease, which lies in it."""
        return {
            one.ref: Applied.of(self.target.cluster.apply(one.wanted, force=True))
            for one in found
            if one.ref.kind == "Namespace" and one.wanted is not None
        }

    def _steps(self, found: Sequence[Difference], there: Snapshot) -> None:
        self._there = there
        dealt = waves.waves(found)
        for name, some in (
            ("namespace, quota, accounts", dealt.base),
            ("policies", dealt.policies),
            ("volumes", dealt.volumes),
        ):
            if some:
                with step(self.observe, name) as said:
                    self._carrier.apply([one for one in some if one.ref not in self._made])
                    said(_count(some))
        with step(self.observe, "influxdb") as said:
            self._store_secrets()
            said(self._roll(dealt.influxdb))
        if self._wants(influxdb_state.KINDS) and self._reachable(waves.INFLUXDB, dealt.influxdb):
            self._recover_operator()
            with step(self.observe, "buckets, tasks, tokens") as said:
                said(self._inside.prepare_influxdb())
        with step(self.observe, "telegraf, grafana") as said:
            # The tokens are there now: pods that read them are as they should be only with them.
            said(self._roll(self._readers(dealt.rest, there)))
        grafana = self.bundle.grafana.data_sources and self._wants(GRAFANA_KINDS)
        if grafana and self._reachable(waves.GRAFANA, dealt.rest):
            with step(self.observe, "data sources, boards") as said:
                said(self._inside.prepare_grafana())
        if self._inside.former_tokens and self._readers_run():
            with step(self.observe, "former tokens") as said:
                said(self._inside.retire())
        if dealt.deletions:
            with step(self.observe, "clean up") as said:
                self._carrier.delete(dealt.deletions)
                said(_count(dealt.deletions))
        self._end_decisions(dealt.deletions)
        self._wait_for_addresses({one.ref for one in found})

    def _wants(self, kinds: Collection[str]) -> bool:
        """Whether anything of these kinds was chosen, or nothing was."""
        only = self.target.only
        return only is None or any(kind in kinds for kind, _ in only)

    def _end_decisions(self, deleted: Sequence[Difference]) -> None:
        """Nothing is kept any more of what was made anew as files say, or is gone as they say."""
        gone = {(one.ref.kind, one.ref.name) for one in deleted}
        kept = decisions.ended(self._carrier.inventory.kept, self._inside.anew)
        left = {key: one for key, one in kept.items() if key not in gone}
        self._carrier.inventory = self._carrier.inventory.but(kept=left)

    def _wait_for_addresses(self, changed: Collection[Ref]) -> None:
        """Until entrances that are new, changed or without one have it; all else runs by then."""
        target, there = self.target, self._there.objects
        services = [
            ref
            for ref in map(Ref.of, filter(pools.is_entrance, self.bundle.kubernetes))
            if ref in changed or not pools.is_given(there.get(ref, {}))
        ]
        if not services:
            return
        if not target.options.wait:
            claims.check(target.cluster, target.tenant, services)
            return
        with step(self.observe, "entrance") as said:
            try:
                found = waiting.wait_for_addresses(
                    target.cluster,
                    target.tenant,
                    services,
                    target.options.wait,
                    self._carrier.checked,
                )
            except TargetError:
                claims.check(target.cluster, target.tenant, services)
                raise
            said(", ".join(found))

    def _store_secrets(self) -> None:
        """Each is a Secret of its own, so they travel side by side."""
        secrets = self.target.secrets
        more = {key: self.environ[name] for key, name in self.bundle.grafana.secrets}
        with self.target.cluster.parallel() as threads:
            for stored in (
                threads.submit(self._store_credentials),
                threads.submit(
                    secrets.ensure,
                    names.GRAFANA_SECRET,
                    "password",
                    "secret_key",
                    user="admin",
                    **more,
                ),
                threads.submit(database.admin_password, secrets),
            ):
                stored.result()

    def _store_credentials(self) -> None:
        secrets = self.target.secrets
        values = device_values(self.bundle, self.environ)
        if not self._inside.choice.takes("Secret", names.DEVICES_SECRET):
            return
        if self.bundle.telegraf and secrets.read(names.DEVICES_SECRET) != values:
            secrets.write(names.DEVICES_SECRET, values)

    def _readers(self, found: Sequence[Difference], there: Snapshot) -> list[Difference]:
        """The last wave again, with the Secrets as they are by now: their readers are rolled."""
        target = self.target
        listed = target.cluster.objects("Secret", target.namespace, metadata_only=True)
        now = there.but(
            {
                Ref("Secret", target.namespace, one["metadata"]["name"]): one["metadata"]
                for one in listed
            }
        )
        self._there = now
        wanted = target.wanted(self.bundle, now, self._carrier.inventory)
        readers = [one for one in wanted if reads_secrets(one)]
        again = differences(
            target.cluster, readers, now, self._carrier.inventory, prune=False, detail=False
        )
        refs = {Ref.of(one) for one in readers}
        takes = self._inside.choice.takes
        again = [one for one in again if takes(one.ref.kind, one.ref.name)]
        return [*(one for one in found if one.ref not in refs), *again]

    def _now(self, there: Snapshot) -> list[Difference]:
        return self.target.differences(self.bundle, there, self._carrier.inventory, detail=False)

    def _roll(self, found: Sequence[Difference]) -> str:
        """Applies a wave and waits for its workloads: new ones together, changes one by one."""
        changed = [one for one in found if one.change.action is not Action.CREATE]
        together = tuple(one for one in found if one.ref.kind not in waves.WORKLOADS)
        new = tuple(one for one in found if one not in changed and one not in together)
        # What a new pod mounts is there before the scheduler has found a node for it.
        self._carrier.apply((*together, *new))
        self._wait([one.ref for one in new])
        for one in changed:
            if one.ref.kind in waves.WORKLOADS:
                self._wait_for_secrets(one)
                self._carrier.apply((one,))
                try:
                    self._wait([one.ref])
                except TargetError as error:
                    raise self._restored(one, error) from error
        if not found:
            return "as it should be"
        return "ready" if self.target.options.wait else "applied"

    def _wait(self, workloads: Sequence[Ref]) -> None:
        target = self.target
        if target.options.wait and workloads:
            waiting.wait(
                target.cluster, target.tenant, workloads, target.options.wait, self._carrier.checked
            )

    def _wait_for_secrets(self, changed: Difference) -> None:
        target = self.target
        if target.options.wait and changed.wanted:
            waiting.wait_for_secrets(
                target.cluster,
                target.tenant,
                changed.wanted,
                target.options.wait,
                self._carrier.checked,
            )

    def _restored(self, failed: Difference, error: TargetError) -> TargetError:
        """Puts the version back that ran before, if it is kept; the error says so then."""
        target, number = self.target, self._carrier.inventory.revision
        try:
            former = revisions.load(target.cluster, target.tenant, target.namespace, number)
            wanted = target.wanted(former, self._there, self._carrier.inventory)
            parts = [one for one in wanted if waves.belongs_to(one, failed)]
            if not any(Ref.of(one) == failed.ref for one in parts):
                return error
            self._carrier.apply(
                [Difference(Ref.of(one), failed.change, stamped(one)) for one in parts]
            )
            self._wait([failed.ref])
        except TigctlError:
            return error
        return TargetError(
            f"{error.message}\n  {failed.ref} runs again as of revision {number}", hint=error.hint
        )

    def _reachable(self, component: str, changed: Sequence[Difference]) -> bool:
        """Whether a component can be asked. Without waiting, one that was just made cannot yet."""
        if self.target.options.wait:
            return True
        starting = any(
            one.ref.kind in waves.WORKLOADS and waves.component(one) == component for one in changed
        )
        return not starting and self.target.reach.url(component) is not None

    def _recover_operator(self) -> None:
        """A new operator's token, where that is asked for, or was begun by one who was killed."""
        target, organization = self.target, self.bundle.influxdb.organization
        asked = target.options.recover_operator
        lost = asked and recovering.is_locked_out(target, organization)
        if lost or recovering.begun(target):
            with step(self.observe, "operator's token") as said:
                if lost:
                    recovering.recover(target, self.bundle, self._there, self._carrier)
                said(recovering.finish(target, organization))

    def _readers_run(self) -> bool:
        """Whether everybody has the stored tokens: all pods are new, and Grafana was told."""
        target = self.target
        if target.only is not None:  # who still has a former one may not have been chosen
            return False
        if self.bundle.grafana.data_sources and not self._inside.grafana_asked:
            return False
        readers = [Ref.of(one) for one in self.bundle.kubernetes if reads_secrets(one)]
        self._wait(readers)
        found = [target.cluster.get(ref) for ref in readers]
        return all(one and waiting.is_ready(one) for one in found)

    def _note(self, found: Sequence[Difference], there: Snapshot) -> None:
        """Objects that were as they should be are noted as such, should the inventory not know."""
        if self.target.only is not None:  # `found` is a part only
            return
        refs = {*map(Ref.of, self.bundle.kubernetes)} - {one.ref for one in found}
        right = {ref: there.objects[ref] for ref in refs if ref in there.objects}
        self._carrier.inventory = self._carrier.inventory.noting(right).but(
            addresses=self.target.addresses
        )

    def _share_kept(self, found: Sequence[Difference], there: Snapshot) -> None:
        """Takes a share in the fields that somebody keeps; see `keeping.unshared`."""
        inventory = self._carrier.inventory
        if inventory.kept and self.target.only is None:
            wanted = self.target.wanted(self.bundle, there, inventory)
            changed = {one.ref for one in found}
            self._carrier.apply(keeping.unshared(wanted, inventory.kept, there, changed))

    def _remember(self) -> None:
        """Notes a revision to go back to; what was only repaired is that of the last one."""
        target, inventory = self.target, self._carrier.inventory
        cluster, namespace = target.cluster, target.namespace
        if not revisions.holds(cluster, namespace, inventory.revision, self.bundle):
            number = inventory.revision + 1
            revisions.save(cluster, target.tenant, namespace, number, self.bundle)
            self._carrier.inventory = inventory.but(revision=number)
        self._carrier.save()


def _count(found: Sequence[Difference]) -> str:
    return f"{len(found)} object{'s' if len(found) != 1 else ''}"
