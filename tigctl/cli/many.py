"""The same work for many tenants: several at once, and one's trouble stops no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Generic, TypeVar

from tigctl.cli.output import count, listed, seconds
from tigctl.cli.progress import Line, bar
from tigctl.errors import TigctlError
from tigctl.spec.workspace import Tenant

Found = TypeVar("Found")

# An apply waits most of its time; more at once would only make the API server busy.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Found]):
    """What came of one tenant: a result or an error."""

    tenant: Tenant
    found: Found | None
    error: TigctlError | None
    seconds: float


def each(
    tenants: Sequence[Tenant],
    work: Callable[[Tenant], Found],
    *,
    name: str,
    tell: Callable[[Outcome[Found]], str] | None = None,
    at_once: int = AT_ONCE,
) -> list[Outcome[Found]]:
    """Does the work for each tenant; the outcomes are in the order of the tenants.

    On a terminal a line shows how far it is; `tell` makes a line that stays, per tenant.
    """
    outcomes: dict[str, Outcome[Found]] = {}
    began = time.monotonic()
    with Line() as line, ThreadPoolExecutor(at_once) as threads:
        waiting = {threads.submit(_one, tenant, work) for tenant in tenants}
        try:
            for future in as_completed(waiting):
                outcome = future.result()
                outcomes[outcome.tenant.name] = outcome
                if tell:
                    line.keep(tell(outcome))
                failed = sum(one.error is not None for one in outcomes.values())
                said = f"  {failed} failed" if failed else ""
                done, total = len(outcomes), len(tenants)
                took = seconds(time.monotonic() - began)
                line.show(f"{name}  {done}/{total} {bar(done, total)}{said}  {took}")
        except KeyboardInterrupt:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return [outcomes[tenant.name] for tenant in tenants]


def _one(tenant: Tenant, work: Callable[[Tenant], Found]) -> Outcome[Found]:
    began = time.monotonic()
    try:
        return Outcome(tenant, work(tenant), None, time.monotonic() - began)
    except TigctlError as error:
        return Outcome(tenant, None, error, time.monotonic() - began)


def summary(outcomes: Sequence[Outcome[Found]], word: str) -> str:
    """`198 of 200 tenants applied; failed: acme, globex`."""
    failed = [one.tenant.name for one in outcomes if one.error]
    total = count(len(outcomes), "tenant")
    if not failed:
        return f"{total} {word}."
    return f"{len(outcomes) - len(failed)} of {total} {word}; failed: {listed(failed, 12)}"
