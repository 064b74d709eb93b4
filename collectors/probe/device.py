"""Probing one device: find the login that fits, then ask what it can tell.

Facts are whole or none. A device that stops answering half-way is silent with the reason
`timeout`, and what it told so far is not kept: facts in which a table is missing, because the
device was asked for it too late, would change what is polled. (The lock keeps the facts of
the last whole probe.) An object the device does not bear to be asked for is another matter: it
is true that it does not answer that one.
"""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Mapping, Sequence

from collectors import icmp
from collectors.device import Device
from collectors.errors import NoRight
from collectors.facts import Facts, Found, Silence
from collectors.knowledge.identify import found_rows, told
from collectors.knowledge.model import IdentitySource
from collectors.knowledge.stranger import AGENTS
from collectors.probe import words
from collectors.probe.interfaces import IF_DESCR, IF_NAME, digests, fastest, interface_key
from collectors.probe.model import Inquiry, Options
from collectors.probe.names import naming_columns, repeated
from collectors.probe.neighbours import ASKED, neighbours
from collectors.probe.survey import SYS_OBJECT_ID, Column, Stalled, Survey
from collectors.probe.text import clean, engine_id, object_id
from collectors.probe.words import Attempt, Ping
from collectors.snmp.ber import Oid, format_oid, parse_oid
from collectors.snmp.credentials import Keys
from collectors.snmp.errors import Closed, DeadlinePassed, NoResponse, Refused, Report, Unreachable
from collectors.snmp.exchange import Deadline, Timing
from collectors.snmp.message import Varbind
from collectors.snmp.session import Session

SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)
ENGINE_ID: Oid = (1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0)  # snmpEngineID, SNMP-FRAMEWORK-MIB
SERIAL: Oid = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11, 1)  # entPhysicalSerialNum, ENTITY-MIB
_SYSTEM = (SYS_OBJECT_ID, SYS_DESCR, SYS_NAME)
_TEXTS = (SYS_DESCR, SYS_NAME)
_INTERFACE_NAMES = (IF_NAME, IF_DESCR)

_STEPS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
# Rows among which the one that tells a model or a serial number is looked for.
_ROWS = 64
_PINGS = 3
_PING_TIMEOUT = 1.0


async def probe_device(
    device: Device, logins: Sequence[Keys], inquiry: Inquiry, options: Options
) -> Found:
    """What is found out about one device. Never raises for the device's or network's fault."""
    outcome = await _Probe(device, inquiry, options).run(logins)
    if isinstance(outcome, Facts):
        return Found(device.address, device.port, outcome)
    return Found(device.address, device.port, None, outcome)


class _Probe:
    def __init__(self, device: Device, inquiry: Inquiry, options: Options) -> None:
        self._device = device
        self._inquiry = inquiry
        self._options = options
        self._deadline = Deadline(options.deadline, options.slow_deadline)

    async def run(self, logins: Sequence[Keys]) -> Facts | Silence:
        if not self._device.snmp:
            return words.not_asked()
        if not logins:
            return words.no_login()
        timing = Timing(self._options.timeout, self._options.retries)
        attempts: list[Attempt] = []
        for keys in logins:
            outcome = await self._attempt(keys, timing)
            if not isinstance(outcome, Attempt):
                return outcome
            attempts.append(outcome)
        ping = await self._ping()
        if not ping.lost and not any(_explained(attempt.failure) for attempt in attempts):
            # It may be slower than the tries were patient. Once more, with all logins at once.
            patient = Timing(self._options.patience, 0)
            outcomes = await asyncio.gather(*(self._attempt(keys, patient) for keys in logins))
            for outcome in outcomes:
                if not isinstance(outcome, Attempt):
                    return outcome
        return words.nothing_fits(attempts, self._device.port, ping)

    async def _attempt(self, keys: Keys, timing: Timing) -> Facts | Silence | Attempt:
        """Try one login; an Attempt where it gets no answer that can be used."""
        address, port = self._device.address, self._device.port
        try:
            with Session(address, port, keys, timing, self._deadline) as session:
                pdu = await session.get(_SYSTEM)
                survey = Survey(session)
                if pdu.error_status:
                    system = await survey.get(_SYSTEM)
                else:
                    system = {varbind.oid: varbind for varbind in pdu.varbinds}
                return await self._interview(session, survey, system)
        except (NoResponse, Refused) as failure:
            return Attempt(keys, failure)
        except (DeadlinePassed, Stalled):
            return Attempt(keys, NoResponse(1, timing.timeout))

    async def _interview(
        self, session: Session, survey: Survey, system: Mapping[Oid, Varbind]
    ) -> Facts | Silence:
        """Ask a device that has answered to this login for all it can tell."""
        there = {oid: value for oid, value in system.items() if not value.absent}
        sys_object_id = object_id(there[SYS_OBJECT_ID]) if SYS_OBJECT_ID in there else ""
        sys_descr, sys_name = (clean(there[oid].text) if oid in there else "" for oid in _TEXTS)
        questions = self._inquiry(sys_object_id, sys_descr, ())
        enterprises: tuple[str, ...] = ()
        name = sys_name or sys_descr[:40] or sys_object_id or "a device without a name"
        try:
            if questions.stranger:
                found = await survey.enterprises()
                enterprises = tuple(number for number in found if number not in AGENTS)
                questions = self._inquiry(sys_object_id, sys_descr, enterprises)
            wanted = {*map(parse_oid, questions.columns)}
            columns = await survey.count(
                wanted | {*ASKED}, _INTERFACE_NAMES, naming_columns(questions.names)
            )
            itself = () if session.keys.version == "1" else (ENGINE_ID, SERIAL)
            texts = await survey.get([*map(parse_oid, questions.texts), *itself])
            exact = await survey.get(list(map(parse_oid, questions.exact)))
            rows = await _rows(questions.rows, survey, columns)
            beside = await neighbours(survey, columns)
            speed = await fastest(survey, columns)
        except Stalled as stalled:
            return words.stalled(name, stalled.silence, await self._ping())
        except Refused as refused:
            return words.stopped_accepting(name, refused)
        except DeadlinePassed:
            return words.too_slow(name, self._deadline.seconds, session.slowest)
        engine = texts.pop(ENGINE_ID, None)
        serial = clean(texts[SERIAL].text) if SERIAL in texts else ""
        if format_oid(SERIAL) not in questions.texts:
            texts.pop(SERIAL, None)
        said = {format_oid(oid): clean(text.text) for oid, text in texts.items()} | rows
        unasked = {*ASKED} - wanted
        answers = {oid: column.rows for oid, column in columns.items() if oid not in unasked}
        answers.update(dict.fromkeys(exact, 1))
        return Facts(
            credentials=session.keys.name,
            sys_object_id=sys_object_id,
            sys_descr=sys_descr,
            sys_name=sys_name,
            engine_id=session.engine_id or engine_id(engine),
            serial=serial if told(serial) else "",
            answers={format_oid(oid): rows for oid, rows in sorted(answers.items())},
            texts={oid: text for oid, text in sorted(said.items()) if text},
            interface_key=interface_key(columns),
            max_repetitions=survey.max_repetitions,
            answer_ms=answer_ms(session.usual),
            fastest=speed,
            interfaces=digests(columns, interface_key(columns)),
            neighbours=beside,
            names=repeated(questions.names, columns),
            enterprises=enterprises,
        )

    async def _ping(self) -> Ping:
        if not self._device.icmp:
            return Ping(asked=False, why_not="the inventory says icmp: no")
        try:
            ms = await icmp.ping(self._device.address, count=_PINGS, timeout=_PING_TIMEOUT)
        except NoRight:
            return Ping(asked=False, why_not="tigctl has no right to, see tigctl doctor")
        return Ping(asked=True, ms=ms)


async def _rows(
    sources: Sequence[IdentitySource], survey: Survey, counted: Mapping[Oid, Column]
) -> dict[str, str]:
    """The texts of the rows that tell facts of the inventory."""
    wanted = {source.oid for source in sources}
    wanted |= {source.rows.beside for source in sources if source.rows and source.rows.beside}
    there = [oid for oid in map(parse_oid, sorted(wanted)) if oid in counted]
    heads = await survey.head(there, _ROWS)
    texts = {
        format_oid(oid): {
            format_oid(row): clean(value.text) for row, value in column.values.items()
        }
        for oid, column in heads.items()
    }
    return found_rows(sources, texts)


def answer_ms(seconds: float) -> int:
    """The time of an answer, rounded up to 10, 20, 50, 100, 200, 500 … ms."""
    return _STEPS[min(bisect.bisect_left(_STEPS, seconds * 1000), len(_STEPS) - 1)]


def _explained(failure: NoResponse | Refused) -> bool:
    """Whether something came back that says why there is no answer."""
    if isinstance(failure, Refused):
        return failure.report is not Report.SILENT
    return isinstance(failure, Closed | Unreachable) or bool(failure.garbage)
