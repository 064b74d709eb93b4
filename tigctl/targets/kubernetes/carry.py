"""Carries out differences: applies, takes away, and notes in the inventory what was done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import NotThere, QuotaExceeded, Refused, Stale
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError
from tigctl.targets.kubernetes import fieldpath
from tigctl.targets.kubernetes.inventory import Applied, Inventory
from tigctl.targets.kubernetes.objects import Difference

_GONE_S = 120.0
_QUOTA_S = 30.0  # a controller takes over what a quota says, in its own time
_TEST_FAILED = 422  # the API server's answer where the `test` of a JSON patch does not hold


class Carrier:
    """Applies objects of one tenant; `inventory` grows with each."""

    def __init__(
        self,
        cluster: Cluster,
        tenant: str,
        namespace: str,
        inventory: Inventory,
        checked: Callable[[], None],
    ) -> None:
        self.cluster = cluster
        self.inventory = inventory
        self.checked = checked
        self._tenant = tenant
        self._namespace = namespace
        self._quota_is_new = False

    def apply(self, found: Sequence[Difference]) -> None:
        """Applies objects that do not depend on each other, several at once."""
        self.checked()
        if not found:
            return
        with self.cluster.parallel() as threads:
            done = list(threads.map(self._apply, found))
        self._quota_is_new |= any(one.ref.kind == "ResourceQuota" for one in found)
        objects = {**self.inventory.objects, **dict(done)}
        self.inventory = self.inventory.but(objects=objects)

    def _apply(self, one: Difference) -> tuple[Ref, Applied]:
        if one.wanted is None:
            raise AssertionError(f"{one.ref} is to be deleted, not applied")
        if one.anew:
            self._end(one.ref)
        result = self._applied(one.wanted)
        if one.extra:
            result = self._without(one, result)
        return one.ref, Applied.of(result)

    def _applied(self, wanted: Object) -> Object:
        """The object as it is then. A quota that was just enlarged counts a moment later."""
        deadline = time.monotonic() + _QUOTA_S
        while True:
            try:
                return self.cluster.apply(wanted, force=True)
            except QuotaExceeded:
                if not self._quota_is_new or time.monotonic() > deadline:
                    raise
            self.checked()
            time.sleep(0.3)

    def _end(self, ref: Ref) -> None:
        """Deletes an object and waits until it and its pods are gone.

        Two InfluxDBs on one volume would be one too many.
        """
        self.cluster.delete(ref, propagation="Foreground")
        deadline = time.monotonic() + _GONE_S
        while self.cluster.get(ref, metadata_only=True) is not None:
            if time.monotonic() > deadline:
                raise TargetError(
                    f"{self._tenant}: {ref} is still being deleted after {_GONE_S:.0f} s",
                    hint=f"see why its pods do not end; then tigctl apply {self._tenant} again",
                )
            self.checked()
            time.sleep(0.3)

    def _without(self, one: Difference, live: Object) -> Object:
        """Takes away what others added; only what was seen, whatever else changes meanwhile."""
        # The version of the whole object would not do: controllers write its state all the time.
        found = [
            (pointer, fieldpath.look_up(live, path))
            for path in one.extra
            if (pointer := fieldpath.pointer(live, path))
        ]
        if not found:
            return live
        # Later items of a list first, so that the places of the others stay right.
        found.sort(key=lambda pair: _order(pair[0]), reverse=True)
        steps = [
            step
            for pointer, value in found
            for step in (
                {"op": "test", "path": pointer, "value": value},
                {"op": "remove", "path": pointer},
            )
        ]
        try:
            return self.cluster.patch(one.ref, steps)
        except Refused as error:
            if error.status != _TEST_FAILED:
                raise
            raise TargetError(
                f"{self._tenant}: somebody else changes {one.ref} at the same moment",
                hint=f"see what: tigctl plan {self._tenant}; then tigctl apply {self._tenant}",
            ) from error

    def delete(self, found: Sequence[Difference]) -> None:
        """Takes objects away, one by one; what is gone or another one by now is left alone."""
        objects = dict(self.inventory.objects)
        for one in found:
            self.checked()
            objects.pop(one.ref, None)
            try:
                self.cluster.delete(one.ref, uid=one.uid)
            except (NotThere, Stale):
                continue
        self.inventory = self.inventory.but(objects=objects)

    def save(self) -> None:
        """Writes the inventory. What is not in the namespace any more is left out."""
        self.inventory.save(self.cluster, self._tenant, self._namespace)


def _order(pointer: str) -> list[tuple[int, str]]:
    """What sorts places in objects, the tenth item of a list behind the ninth."""
    return [(int(part) if part.isdigit() else 0, part) for part in pointer.split("/")]
