"""A port of this machine that leads to another one, for as long as the program runs."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Callable
from urllib.parse import urlsplit

from tigctl.errors import TigctlError

_CHUNK = 65_536


def forward(port: int, url: str, *, ready: Callable[[], None]) -> None:
    """Answers on 127.0.0.1:`port` with what `url` answers, until interrupted.

    `ready` is called once the port listens. Raises TigctlError where it is taken.
    """
    parts = urlsplit(url)
    host, far = parts.hostname or "127.0.0.1", parts.port or 80

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            far_reader, far_writer = await asyncio.open_connection(host, far)
            with contextlib.closing(far_writer):
                await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", port)
        ready()
        async with server:
            await server.serve_forever()

    try:
        asyncio.run(run())
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else (error.strerror or str(error))
        raise TigctlError(f"port {port} {why}", hint="give --port another number") from error


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    # One side has said all; the other may still be answering.
    with contextlib.suppress(OSError):
        writer.write_eof()
