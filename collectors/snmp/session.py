"""Asking one device with one login: the requests, engine discovery and reports of SNMPv3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

from collectors.snmp.ber import Oid, format_oid
from collectors.snmp.credentials import CommunityKeys, Keys
from collectors.snmp.errors import NoResponse, Refused, Report
from collectors.snmp.exchange import Answer, Deadline, Exchange, Timing, usual
from collectors.snmp.message import (
    Kind,
    Pdu,
    decode_community,
    encode_community,
    encode_request,
)
from collectors.snmp.usm import UserSecurity

# How often a request is sent again because a report asks for it (time, engine).
_RESYNCHRONISATIONS = 3

_REPORTS = {
    "1.3.6.1.6.3.15.1.1.1.0": Report.SECURITY_LEVEL,  # usmStatsUnsupportedSecLevels
    "1.3.6.1.6.3.15.1.1.2.0": Report.TIME_WINDOW,  # usmStatsNotInTimeWindows
    "1.3.6.1.6.3.15.1.1.3.0": Report.USER_NAME,  # usmStatsUnknownUserNames
    "1.3.6.1.6.3.15.1.1.4.0": Report.ENGINE_ID,  # usmStatsUnknownEngineIDs
    "1.3.6.1.6.3.15.1.1.5.0": Report.DIGEST,  # usmStatsWrongDigests
    "1.3.6.1.6.3.15.1.1.6.0": Report.DECRYPTION,  # usmStatsDecryptionErrors
    "1.3.6.1.6.3.12.1.4.0": Report.CONTEXT,  # snmpUnavailableContexts
    "1.3.6.1.6.3.12.1.5.0": Report.CONTEXT,  # snmpUnknownContexts
}


class Session:
    """One device, one login. Use it as a context manager, inside a running loop."""

    def __init__(
        self, address: str, port: int, keys: Keys, timing: Timing, deadline: Deadline
    ) -> None:
        """Raises Unreachable where the system knows no way to the address."""
        self.keys = keys
        self._security = keys if isinstance(keys, CommunityKeys) else UserSecurity(keys)
        self._accepted = False
        self._exchange = Exchange(address, port, self._decode, timing, deadline)

    def __enter__(self) -> Self:
        self._exchange.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._exchange.__exit__()

    @property
    def engine_id(self) -> str:
        """The device's engine ID in hexadecimal; empty with SNMPv1 and v2c."""
        security = self._security
        return "" if isinstance(security, CommunityKeys) else security.engine.id.hex()

    @property
    def slowest(self) -> float:
        """Seconds the slowest answer took so far."""
        return max(self._exchange.times, default=0.0)

    @property
    def usual(self) -> float:
        """Seconds in which nine of ten answers came so far: a moment's trouble does not count."""
        return usual(self._exchange.times)

    @property
    def timing(self) -> Timing:
        """The timing in force now."""
        return self._exchange.timing

    async def get(self, oids: Sequence[Oid], *, tries: int = 0) -> Pdu:
        """The answer to a GET. `tries` 0 stands for what the timing says.

        Like all requests it raises NoResponse, Refused or DeadlinePassed; an error-status is
        an answer.
        """
        return await self._ask(Kind.GET, oids, 0, tries)

    async def get_next(self, oids: Sequence[Oid], *, tries: int = 0) -> Pdu:
        """The answer to a GETNEXT."""
        return await self._ask(Kind.GET_NEXT, oids, 0, tries)

    async def get_bulk(self, oids: Sequence[Oid], repetitions: int, *, tries: int = 0) -> Pdu:
        """The answer to a GETBULK, which SNMPv1 does not have."""
        return await self._ask(Kind.GET_BULK, oids, repetitions, tries)

    async def _ask(self, kind: Kind, oids: Sequence[Oid], repetitions: int, tries: int) -> Pdu:
        tries = tries or 1 + self.timing.retries

        def pdu(number: int) -> bytes:
            return encode_request(kind, number, oids, repetitions)

        security = self._security
        if not isinstance(security, CommunityKeys):
            return await self._ask_as_user(security, pdu, tries)
        answer = await self._exchange.request(
            lambda number: encode_community(security.version, security.community, pdu(number)),
            tries,
        )
        return answer.pdu

    async def _ask_as_user(
        self, security: UserSecurity, pdu: Callable[[int], bytes], tries: int
    ) -> Pdu:
        if not security.engine.id:
            answer = await self._exchange.request(security.discovery, tries)
            _learn(security, answer)
            if not security.engine.id:
                raise Refused(Report.ENGINE_ID, "it tells none of its own")
        report, detail = Report.OTHER, ""
        for _ in range(_RESYNCHRONISATIONS):
            try:
                answer = await self._exchange.request(
                    lambda number: security.encode(number, pdu(number)), tries
                )
            except NoResponse as silence:
                if self._accepted:
                    raise
                raise Refused(Report.SILENT, silence.garbage) from silence
            _learn(security, answer)
            if answer.pdu.kind != Kind.REPORT:
                self._accepted = True
                return answer.pdu
            report, detail = _report(answer.pdu)
            if report not in (Report.TIME_WINDOW, Report.ENGINE_ID):
                break
        raise Refused(report, detail)

    def _decode(self, data: bytes) -> Answer:
        if not isinstance(self._security, CommunityKeys):
            return Answer(*self._security.decode(data))
        pdu = decode_community(self._security.version, data)
        return Answer(pdu.request_id, pdu, None)


def _learn(security: UserSecurity, answer: Answer) -> None:
    if answer.engine is not None:
        security.learn(answer.engine)


def _report(pdu: Pdu) -> tuple[Report, str]:
    if not pdu.varbinds:
        return Report.OTHER, "an empty one"
    oid = format_oid(pdu.varbinds[0].oid)
    report = _REPORTS.get(oid, Report.OTHER)
    return report, oid if report is Report.OTHER else ""
