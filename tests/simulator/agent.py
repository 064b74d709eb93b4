"""What an SNMP v1 or v2c agent answers: a request's bytes in, the response's bytes out.

Knows the objects of one kind of device (`model.Objects`) and nothing of sockets. SET is
refused, a wrong community and SNMPv3 stay unanswered, as on a device that allows neither.
"""

from __future__ import annotations

from tests.simulator import ber
from tests.simulator.model import Objects, Row

NO_SUCH_NAME, NOT_WRITABLE = 2, 17  # error-status of RFC 3416


class Agent:
    """Answers for every device that has these objects.

    `max_size` bounds a GETBULK's answer in bytes; 1,472 is what fits an Ethernet frame.
    `varbinds` counts what was sent.
    """

    def __init__(self, objects: Objects, community: str, *, max_size: int = 1472) -> None:
        self.objects = objects
        self.max_size = max_size
        self.varbinds = 0
        self._heads = {
            version: ber.integer(version) + ber.text(community) for version in (ber.V1, ber.V2C)
        }

    def reply(self, data: bytes, number: int, seconds: float) -> bytes | None:
        """The answer of device `number`, `seconds` after the start; None for silence.

        Raises IndexError or ValueError for bytes that are no SNMP message.
        """
        _, start, _ = ber.read(data, 0)
        version = data[start + 2]
        head = self._heads.get(version)
        if head is None or not data.startswith(head, start):
            return None
        kind, start, _ = ber.read(data, start + len(head))
        _, at, after_id = ber.read(data, start)
        request_id = data[start:after_id]
        _, at, end = ber.read(data, after_id)
        first = int.from_bytes(data[at:end], "big", signed=True)
        _, at, end = ber.read(data, end)
        second = int.from_bytes(data[at:end], "big", signed=True)
        names = _names(data, end)

        status = index = 0
        if kind == ber.GET_BULK and version == ber.V2C:
            room = self.max_size - len(head) - len(request_id) - 20  # error fields and headers
            rows = self._bulk(names, (max(first, 0), max(second, 0)), room, number, seconds)
        elif kind in (ber.GET, ber.GET_NEXT):
            rows, index = self._get(
                names, number, seconds, following=kind == ber.GET_NEXT, version=version
            )
            status = NO_SUCH_NAME if index else 0
        elif kind == ber.SET:
            rows = [ber.varbind(name, ber.NOTHING) for name in names]
            status, index = (NO_SUCH_NAME if version == ber.V1 else NOT_WRITABLE), 1
        else:
            return None
        self.varbinds += len(rows)
        body = b"".join(
            (request_id, bytes((2, 1, status, 2, 1, index)), ber.tlv(ber.SEQUENCE, b"".join(rows)))
        )
        return ber.tlv(ber.SEQUENCE, head + ber.tlv(ber.RESPONSE, body))

    def _get(
        self, names: list[bytes], number: int, seconds: float, *, following: bool, version: int
    ) -> tuple[list[bytes], int]:
        """The bindings, and the position of the first that v1 has no answer for (else 0)."""
        objects, rows = self.objects, []
        for position, name in enumerate(names, 1):
            place = objects.after(name) if following else objects.place.get(name, -1)
            if version == ber.V1:
                while following and place in objects.wide:
                    place += 1
                if not 0 <= place < len(objects.rows) or place in objects.wide:
                    return [ber.varbind(name, ber.NOTHING) for name in names], position
            if 0 <= place < len(objects.rows):
                rows.append(_row(objects.rows[place], number, seconds))
            else:
                absent = ber.END_OF_MIB_VIEW if following else objects.missing(name)
                rows.append(ber.varbind(name, absent))
        return rows, 0

    def _bulk(
        self, names: list[bytes], counts: tuple[int, int], room: int, number: int, seconds: float
    ) -> list[bytes]:
        """A GETBULK's bindings, as many as fit; at least one, so that a walk always goes on.

        `counts` are non-repeaters and max-repetitions.
        """
        once, repeat = counts
        rows, _ = self._get(names[:once], number, seconds, following=True, version=ber.V2C)
        room -= sum(map(len, rows))
        objects, names = self.objects, names[once:]
        places = [objects.after(name) for name in names]
        total = len(objects.rows)
        for _ in range(repeat if places else 0):
            for column, place in enumerate(places):
                if place < total:
                    row = _row(objects.rows[place], number, seconds)
                    places[column], names[column] = place + 1, objects.names[place]
                else:
                    row = ber.varbind(names[column], ber.END_OF_MIB_VIEW)
                room -= len(row)
                if room < 0 and rows:
                    return rows
                rows.append(row)
            if min(places) >= total:
                break
        return rows


def _row(row: Row, number: int, seconds: float) -> bytes:
    return row if row.__class__ is bytes else row(number, seconds)  # type: ignore[operator]  # isinstance() costs a third of the farm's speed here


def _names(data: bytes, at: int) -> list[bytes]:
    """The OIDs of a request's variable bindings, which begin at `at`."""
    _, at, end = ber.read(data, at)
    names = []
    while at < end:
        _, at, after = ber.read(data, at)
        _, start, stop = ber.read(data, at)
        names.append(data[start:stop])
        at = after
    return names
