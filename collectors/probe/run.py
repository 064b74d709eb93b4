"""Probing many devices at once: the way in for everyone else.

One device's failure never stops the others; each ends as facts or as a reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from collectors.device import Device
from collectors.facts import Found
from collectors.knowledge.match import questions
from collectors.knowledge.model import Library
from collectors.login import Login
from collectors.probe import words
from collectors.probe.device import probe_device
from collectors.probe.model import Ask, Inquiry, Options
from collectors.snmp.credentials import Keys, prepare

Observer = Callable[[str, Found], None]
"""Told the name and the outcome of each device, as it is finished, in the caller's thread."""


def probe(
    asks: Sequence[Ask],
    library: Library,
    environ: Mapping[str, str],
    options: Options,
    observe: Observer,
) -> dict[str, Found]:
    """Probe all these devices; outcome by device name, in the order of `asks`.

    Runs an event loop of its own until all are finished. Raises MissingVariable before the
    first packet where a login's secret is not set. A KeyboardInterrupt, and whatever
    `observe` raises, ends all that is under way and goes on to the caller.
    """
    return probe_with(asks, partial(questions, library), environ, options, observe)


def probe_with(
    asks: Sequence[Ask],
    inquiry: Inquiry,
    environ: Mapping[str, str],
    options: Options,
    observe: Observer,
) -> dict[str, Found]:
    """As `probe`, with any source of questions instead of a library."""
    logins = {login for ask in asks if ask.device.snmp for login in ask.logins}
    # Keys of a user cost some milliseconds each: they are made once, not once per device.
    keys = {login: prepare(login, environ) for login in sorted(logins, key=lambda it: it.name)}
    return asyncio.run(_probe_all(asks, keys, inquiry, options, observe))


async def _probe_all(
    asks: Sequence[Ask],
    keys: Mapping[Login, Keys],
    inquiry: Inquiry,
    options: Options,
    observe: Observer,
) -> dict[str, Found]:
    gate = asyncio.Semaphore(options.concurrency)
    outcomes: dict[str, Found] = {}

    async def one(ask: Ask) -> None:
        async with gate:
            logins = [keys[login] for login in ask.logins if login in keys]
            found = await _probe_safely(ask.device, logins, inquiry, options)
        outcomes[ask.device.name] = found
        observe(ask.device.name, found)

    tasks = [asyncio.create_task(one(ask)) for ask in asks]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {ask.device.name: outcomes[ask.device.name] for ask in asks}


async def _probe_safely(
    device: Device, logins: Sequence[Keys], inquiry: Inquiry, options: Options
) -> Found:
    try:
        return await probe_device(device, logins, inquiry, options)
    except Exception as error:  # noqa: BLE001 - a fault of ours at one device must not stop the run
        return Found(device.address, device.port, None, words.own_fault(error))
