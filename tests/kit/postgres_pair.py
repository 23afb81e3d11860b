"""Two PostgreSQL servers, one of which follows the other: what the one acknowledges is on the disks of both."""

from dataclasses import dataclass
from typing import Final

from tests.kit.postgres import PostgresServer, lay_out, make_server

STANDBY: Final = "standby"
"""The name under which the primary knows who has to confirm a commit."""
_LOOKS_AT_MOST: Final = 600


@dataclass(slots=True, kw_only=True)
class SynchronousPair:
    """A primary that waits for its standby with every commit, until it is dead and the standby takes over."""

    primary: PostgresServer
    standby: PostgresServer

    def url(self, database: str) -> str:
        """Return the address of a database that names both servers; the one that takes writes is found."""
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in (self.primary, self.standby))
        return f"postgresql://watchword@{hosts}/{database}?target_session_attrs=read-write"

    def part(self) -> None:
        """Cut the line between them, and return once somebody waits for a confirmation that does not come."""
        with self.standby.superuser() as connection:
            connection.execute("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'")
            connection.execute("SELECT pg_reload_conf()")
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        with self.primary.superuser() as connection:
            for _ in range(_LOOKS_AT_MOST):
                if connection.execute(waiting).fetchone() != (0,):
                    return
                connection.execute("SELECT pg_sleep(0.05)")
        raise RuntimeError("nobody waits for the standby")

    def promote(self) -> None:
        """Let the standby take over, and wait until it takes writes."""
        with self.standby.superuser() as connection:
            promoted = connection.execute("SELECT pg_promote(wait => true, wait_seconds => 60)").fetchone()
        if promoted != (True,):
            raise RuntimeError("the standby was not promoted")

    def close(self) -> None:
        """Remove both."""
        self.standby.close()
        self.primary.close()


def make_pair() -> SynchronousPair:
    """Return two servers that run, of which one follows the other; whoever made them closes them."""
    primary = make_server(settings={"wal_keep_size": "256MB"})
    standby = lay_out()
    standby.run(
        "pg_basebackup",
        f"--dbname=postgresql://postgres@127.0.0.1:{primary.port}/?application_name={STANDBY}",
        f"--pgdata={standby.data}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--write-recovery-conf",
    )
    standby.start()
    _wait_for(primary, standby)
    return SynchronousPair(primary=primary, standby=standby)


def _wait_for(primary: PostgresServer, standby: PostgresServer) -> None:
    """Have every commit of the one wait for the other, and return once it does."""
    with primary.superuser() as connection:
        # Set after the copy was made: the standby, once it stands alone, waits for nobody.
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        connection.execute("SELECT pg_reload_conf()")
        for _ in range(_LOOKS_AT_MOST):
            found = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchone()
            if found == ("sync",):
                return
            connection.execute("SELECT pg_sleep(0.05)")
    raise RuntimeError(f"the standby does not follow:\n{(standby.folder / 'log').read_text(encoding='utf-8')[-2_000:]}")
