"""Head and body of an answer leave together, whatever is written leaves in its order, and nothing is kept back."""

import asyncio

from typing_extensions import override

from watchword.bootstrap.joined_writes import JoinedWrites


class _Wire(asyncio.Transport):
    """Keeps what it is handed, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.end = ""

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.pieces.append(bytes(data))

    @override
    def close(self) -> None:
        self.end = "closed"

    @override
    def abort(self) -> None:
        self.end = "aborted"


def _joined() -> tuple[_Wire, JoinedWrites]:
    wire = _Wire()
    return wire, JoinedWrites(wire, asyncio.get_running_loop())


async def test_a_head_and_its_body_leave_in_one_piece() -> None:
    wire, joined = _joined()
    joined.write(b"head ")
    joined.write(bytearray(b"body"))
    assert wire.pieces == [b"head body"]
    await asyncio.sleep(0)
    assert wire.pieces == [b"head body"]


async def test_what_nothing_follows_leaves_in_the_same_turn() -> None:
    wire, joined = _joined()
    joined.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    await asyncio.sleep(0)
    assert wire.pieces == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def test_many_pieces_keep_their_order() -> None:
    wire, joined = _joined()
    for number in range(5):
        joined.write(b"%d" % number)
    await asyncio.sleep(0)
    assert b"".join(wire.pieces) == b"01234"


async def test_what_was_written_leaves_before_the_connection_closes() -> None:
    wire, joined = _joined()
    joined.write(b"last words")
    joined.close()
    assert (wire.pieces, wire.end) == ([b"last words"], "closed")


async def test_nothing_leaves_a_connection_that_was_given_up() -> None:
    wire, joined = _joined()
    joined.write(b"never")
    joined.abort()
    await asyncio.sleep(0)
    assert (wire.pieces, wire.end) == ([], "aborted")
