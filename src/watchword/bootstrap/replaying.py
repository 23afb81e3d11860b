"""Replays a policy over recorded actions with every core: who reads what, and how it comes together.

Each process opens the store and the keys for itself and takes every n-th piece, so that nothing but finished tallies
travels between them.
"""

import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchword.adapters.system import SystemClock
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.policies import check_policy_text
from watchword.bootstrap.store_opening import open_records
from watchword.config.settings import DeclaredApplication, KeySource, PolicySource, PostgresAccess, Settings
from watchword.domain.errors import ConfigurationError, StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.recorded_actions import RecordedActions
from watchword.risk.policy import Policy, RuleMode
from watchword.risk.replay import Judge, Recorded, Tally

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from watchword.adapters.postgres.postgres_records import PostgresRecords
    from watchword.adapters.sqlite.recorded_rows import RecordedRows

PIECE: Final = 5_000
"""Actions read at once: a quarter of a second, which is also how long one read of the database lasts."""
FEW: Final = 4 * PIECE
"""Up to here starting processes takes longer than reading."""
PROCESSES_AT_MOST: Final = 8
"""Beyond them the disk is what everybody waits for."""

END_OF_TIME: Final = Instant(2**63 - 1)
"""Later than everything recorded, whatever this machine's clock says: the store's time may be ahead of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay came to."""

    policy_version: str
    log_only: tuple[str, ...]
    """Rules in that mode, in the order of the file."""
    since: Instant
    until: Instant
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """All that a process needs to know to take part."""

    store_path: Path
    postgres: PostgresAccess | None
    keys: KeySource
    application_id: str
    action_types: tuple[str, ...]
    policy: PolicySource
    piece: int


def replay_policy(
    settings: Settings,
    declared: DeclaredApplication,
    policy: PolicySource,
    *,
    since: Instant,
    until: Instant | None,
    on_progress: Callable[[int, int], None],
    processes: int | None = None,
    piece: int = PIECE,
) -> Replayed:
    """Return what a policy would have changed of the recorded actions of an application; up to now without ``until``.

    ``on_progress`` is told how many numbers of how many are done. Without ``processes`` there is one per core where
    the work is worth it; each reads ``piece`` numbers at once. Raises ``ConfigurationError`` for a policy that is
    not right and for a store that is not there, ``StorageUnavailable`` for one that does not open.
    """
    order = _Order(
        store_path=settings.store_path,
        postgres=settings.postgres,
        keys=settings.keys,
        application_id=declared.application.id,
        action_types=declared.application.action_types,
        policy=policy,
        piece=piece,
    )
    loaded = _load(order)
    with closing(_open(order)) as rows:
        numbers = rows.span(since, END_OF_TIME if until is None else until)
    pieces = _shared(order, numbers, _processes(len(numbers)) if processes is None else processes)
    tally, done = Tally(), 0
    with closing(pieces):
        on_progress(done, len(numbers))
        for count, part in pieces:
            tally.merge(part)
            done += count
            on_progress(done, len(numbers))
    return Replayed(
        policy_version=loaded.version,
        log_only=tuple(rule.name for rule in loaded.rules if rule.mode is RuleMode.LOG_ONLY),
        since=since,
        until=present() if until is None else until,
        tally=tally,
    )


def present() -> Instant:
    """Return the time of this machine, for spans that count back from now."""
    return SystemClock().now()


_Piece = tuple[int, Tally]
"""How many numbers were read, and what they came to."""


def _shared(order: _Order, numbers: range, processes: int) -> Generator[_Piece]:
    """Yield the tallies of all pieces as they come, from processes of our own where it is worth it."""
    if processes == 1:
        yield from _tallies(order, numbers, 0, 1)
        return
    context = get_context("spawn")  # a fork would take over threads and connections of whoever calls
    crew: dict[Connection, SpawnProcess] = {}
    try:
        for place in range(processes):
            ours, theirs = context.Pipe(duplex=False)
            crew[ours] = context.Process(target=_work, args=(order, numbers, place, processes, theirs), daemon=True)
            crew[ours].start()
            theirs.close()  # so that the end of the process is the end of the pipe
        yield from _gather(list(crew))
    finally:
        for ours, process in crew.items():
            ours.close()
            process.terminate()
            process.join()


def _gather(pipes: list[Connection]) -> Iterator[_Piece]:
    while pipes:
        ready = wait(pipes)
        for pipe in [one for one in pipes if one in ready]:
            said = _receive(pipe)
            match said:
                case None:
                    pipes.remove(pipe)
                case str():
                    raise StorageUnavailable(said)
                case _:
                    yield said


def _receive(pipe: Connection) -> _Piece | str | None:
    try:
        said: _Piece | str | None = pipe.recv()
    except EOFError:
        return "a process that read the recorded actions ended before it was done"
    return said


def _work(order: _Order, numbers: range, place: int, places: int, pipe: Connection) -> None:
    """Send every tally of this process, and None at the end; a text where it could not go on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us, and he ends us
    try:
        for piece in _tallies(order, numbers, place, places):
            pipe.send(piece)
    except (ConfigurationError, StorageUnavailable) as error:
        pipe.send(str(error))
    else:
        pipe.send(None)


def _tallies(order: _Order, numbers: range, place: int, places: int) -> Iterator[_Piece]:
    """Yield a tally of every piece that is due to one of several places."""
    judge = Judge(_load(order))
    with closing(_open(order)) as rows:
        for start in range(place * order.piece, len(numbers), places * order.piece):
            piece = numbers[start : start + order.piece]
            yield len(piece), _tally(rows, judge, piece)


def _tally(rows: RecordedActions, judge: Judge, numbers: range) -> Tally:
    tally = Tally()
    for recorded in rows.read(numbers, details=judge.looks_at_details):
        if isinstance(recorded, Recorded):
            tally.add(recorded, *judge.rule(recorded.type, recorded.signals, recorded.details))
        else:
            tally.unjudged[recorded] += 1
    return tally


def _load(order: _Order) -> Policy:
    return check_policy_text(order.policy.text, source_name=order.policy.name, action_types=order.action_types)


def _open(order: _Order) -> "RecordedRows | PostgresRecords":
    return open_records(order, open_keys(order.keys, create=False), order.application_id)


def _processes(count: int) -> int:
    return 1 if count <= FEW else min(os.cpu_count() or 1, PROCESSES_AT_MOST)
