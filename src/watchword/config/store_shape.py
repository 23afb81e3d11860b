"""The shape of those tables of ``watchword.toml`` that say where things are kept, and for how long."""

from typing import Annotated

from msgspec import Meta, Struct


class StoreTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Where everything is kept."""

    url: Annotated[
        str,
        Meta(
            description=(
                "`sqlite:///` and a path: relative to the folder of `watchword.toml`, or absolute with a fourth slash. "
                "Or a PostgreSQL: `postgresql://user@host/database`, with several hosts "
                "`postgresql://user@host1,host2/database`, and after a `?` whatever libpq understands, such as "
                "`sslmode=verify-full`."
            )
        ),
    ] = "sqlite:///watchword.sqlite3"
    password: Annotated[
        str | None,
        Meta(description="Password for PostgreSQL. Refused in the file: only from the environment."),
    ] = None
    password_file: Annotated[
        str | None,
        Meta(description="A file that holds the password, relative to the folder of `watchword.toml`."),
    ] = None
    connections: Annotated[
        int,
        Meta(
            ge=2,
            le=32,
            description=(
                "Connections to PostgreSQL that each process holds, half of them to read with. Each carries whole "
                "groups of operations, so a few are enough."
            ),
        ),
    ] = 4


class KeysTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Where the keys are."""

    file: Annotated[
        str,
        Meta(
            description=(
                "Key file, relative to the folder of `watchword.toml`; mode 0600 or it is refused. "
                "`WATCHWORD_KEYS_FILE` names another, and `WATCHWORD_KEYS` holds its text instead."
            )
        ),
    ] = "keys.toml"


class RetentionTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """How long the past is kept. What still counts or runs is never forgotten by age."""

    days: Annotated[
        int,
        Meta(
            ge=60,
            le=3650,
            description=(
                "Age at which events, and actions with all that became of them, are forgotten; on PostgreSQL events go "
                "a whole month at a time, so up to a month later. A payer has 13 months to object (PSD2, article 71)."
            ),
            extra={"unit": "days"},
        ),
    ] = 400
