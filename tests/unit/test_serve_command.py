"""What ``reasoncore serve`` listens on."""

from __future__ import annotations

import asyncio
import socket

from reasoncore.cli.serve import _listen


def test_small_writes_are_sent_at_once() -> None:
    """Without it a reply in two writes takes 40 ms longer: Nagle's delay waits for the acknowledgement, which waits."""

    async def option_of_an_accepted_connection() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = _listen("127.0.0.1", 0)
        async with await asyncio.start_server(accepted, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await found

    assert asyncio.run(option_of_an_accepted_connection())
