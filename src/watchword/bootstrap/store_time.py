"""What time it is in the store, and the way back for one that was written while a clock was ahead."""

from dataclasses import dataclass

from watchword.adapters.sqlite import file_time
from watchword.adapters.system import SystemClock, SystemHorizon, elapsed_ms
from watchword.bootstrap.store_opening import sole_process
from watchword.config.settings import Settings
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTime:
    """The three clocks that can disagree."""

    machine: Instant
    """This machine's clock."""
    clock: Instant
    """The clock that the store goes by: the one of PostgreSQL's machine, or this one."""
    highest: Instant
    """The latest moment that was ever written; the store goes on from there."""

    @property
    def is_ahead(self) -> bool:
        """Whether something was written later than the store's clock says it is."""
        return self.highest > self.clock


def read_store_time(settings: Settings) -> StoreTime:
    """Return what time it is in the store; raises ``ConfigurationError`` for one that cannot be read."""
    machine = SystemClock().now()
    if settings.postgres is None:
        return StoreTime(machine=machine, clock=machine, highest=file_time.time_of(str(settings.store_path)))
    from watchword.adapters.postgres import database_time  # noqa: PLC0415 its driver takes 9 MB

    clock, highest = database_time.times_of(settings.postgres.conninfo.reveal())
    return StoreTime(machine=machine, clock=clock, highest=highest)


def set_store_time_back(settings: Settings) -> StoreTime:
    """Bring whatever lies ahead of the store's clock back to it, and return what it was before.

    Raises ``ConfigurationError`` while somebody serves, and where the clock that the store goes by is itself ahead of
    this machine's.
    """
    with sole_process(settings):
        before = read_store_time(settings)
        if before.clock > SystemHorizon(SystemClock(), elapsed_ms).latest():
            raise ConfigurationError(
                ("the clock of PostgreSQL's machine is still ahead of this one's; set the one that is wrong first",)
            )
        if not before.is_ahead:
            return before
        if settings.postgres is None:
            file_time.set_back(str(settings.store_path), before.clock)
        else:
            from watchword.adapters.postgres import database_time  # noqa: PLC0415 as above

            database_time.set_back(settings.postgres.conninfo.reveal())
        return before
