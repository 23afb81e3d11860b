"""Reads ``watchword.toml`` and the environment into settings, or refuses them with every problem at its place."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from watchword.config.config_problems import Problems
from watchword.config.declared_applications import Surroundings, declare
from watchword.config.declared_senders import KindsByName, declare_senders, kinds_of, note_kinds, with_kinds
from watchword.config.environment import (
    KEYS_FILE_VARIABLE,
    KEYS_VARIABLE,
    Override,
    overrides_of,
    read_environment,
    with_overrides,
)
from watchword.config.file_shape import AtlasTable, FileShape, ServerTable
from watchword.config.key_lines import KeyLines
from watchword.config.settings import (
    INBOX,
    SHIPPED,
    AtlasFiles,
    KeySource,
    Server,
    Settings,
    Situation,
)
from watchword.config.shape_check import check_shape
from watchword.config.store_place import read_file_place, read_postgres
from watchword.config.web_addresses import origin_problem, read_network
from watchword.domain.errors import ConfigurationError
from watchword.domain.loopback import is_loopback
from watchword.domain.secret import Secret

COMMAND_LINE: Final = "command line"
CHARACTERS_AT_MOST: Final = 1_000_000
_SQLITE: Final = "sqlite:///"


def load_settings(
    path: Path,
    *,
    situation: Situation,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Return the settings of a ``watchword.toml``.

    ``environ`` is read in place of this process's environment where it is given. ``overrides`` are what the command
    line says, by dotted key (``{"server.port": 0}``); they win over the environment, and that over the file. Raises
    ``ConfigurationError`` with every problem as ``file:line: key: what``.
    """
    text = _read_text(path)
    tree = _parse(text, path)
    environ = read_environment() if environ is None else environ
    kinds = kinds_of(tree, environ)
    shape = with_kinds(msgspec.inspect.type_info(FileShape), kinds)
    given = (*overrides_of(environ, shape), *_said(overrides or {}))
    problems = Problems(str(path), KeyLines(text), {override.path: override.origin for override in given})
    note_kinds(kinds, problems)
    checked = check_shape(with_overrides(tree, given), shape, problems)
    problems.settle()
    try:
        file = msgspec.convert(checked, FileShape)
    except msgspec.ValidationError:
        problems.raise_if_any()
        raise  # a shape that the check above lets through and msgspec does not: ours to mend
    settings = _resolve(file, kinds, path.parent, situation, environ, problems)
    problems.raise_if_any()
    return settings


def _read_text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError((f"{path}: cannot be read: {error.strerror}",)) from None
    except UnicodeDecodeError:
        raise ConfigurationError((f"{path}: is not UTF-8",)) from None
    if len(text) > CHARACTERS_AT_MOST:
        raise ConfigurationError((f"{path}: has more than {CHARACTERS_AT_MOST:,} characters",))
    return text


_MEANINGS: Final[Mapping[str, str]] = {
    "Cannot overwrite a value": "this key is given twice",
    "Cannot mutate immutable namespace": "this table is given twice",
}
"""What the TOML parser says of duplicates, in words that help."""


def _parse(text: str, path: Path) -> dict[str, object]:
    try:
        # With a last line break the parser names a line where it would otherwise say "end of document".
        return tomllib.loads(f"{text}\n")
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = found[1] if found and found[1] else text.count("\n") + 1
        said = str(error)[: found.start()] if found else str(error)
        raise ConfigurationError((f"{path}:{line}: not TOML: {_MEANINGS.get(said, said)}",)) from None


def _said(overrides: Mapping[str, object]) -> tuple[Override, ...]:
    return tuple(
        Override(path=tuple(key.split(".")), value=value, origin=COMMAND_LINE) for key, value in overrides.items()
    )


def _resolve(
    file: FileShape,
    kinds: KindsByName,
    folder: Path,
    situation: Situation,
    environ: Mapping[str, str],
    problems: Problems,
) -> Settings:
    server = _server(file.server, situation, problems)
    if file.store.url.startswith(_SQLITE):
        _refuse_several_processes(server, problems)
    senders = declare_senders(file.senders, kinds, folder, problems)
    if INBOX in senders:
        problems.add(("senders", INBOX), "the inbox is built in and has no settings")
    around = Surroundings(folder=folder, situation=situation, page_base=server.page_base, senders=senders)
    return Settings(
        server=server,
        store_path=read_file_place(file.store, folder, problems),
        postgres=read_postgres(file.store, folder, problems),
        keys=_keys(file.keys.file, folder, environ, problems),
        atlas=_atlas(file.atlas, folder, problems),
        senders={name: sender for name, sender in senders.items() if sender is not None},
        retention_days=file.retention.days,
        log_level=file.log.level,
        applications=declare(file.applications, around, problems),
    )


def _atlas(table: AtlasTable, folder: Path, problems: Problems) -> AtlasFiles:
    def listed(names: Sequence[str]) -> tuple[Path | None, ...]:
        return tuple(None if name == SHIPPED else folder / name for name in names)

    if SHIPPED in table.tor_lists:
        problems.add(("atlas", "tor_lists"), "no list of Tor exits is shipped; docs/places.md says how to add one")
    return AtlasFiles(
        country_files=tuple(folder / name for name in table.country_files),
        asn_files=tuple(folder / name for name in table.asn_files),
        hosting_lists=listed(table.hosting_lists),
        vpn_lists=listed(table.vpn_lists),
        tor_lists=listed(table.tor_lists),
        listed_networks=listed(table.listed_networks),
        disposable_domains=listed(table.disposable_domains),
        places_stale_days=table.places_stale_days,
        lists_stale_days=table.lists_stale_days,
        example_places=table.example_places,
    )


def _server(table: ServerTable, situation: Situation, problems: Problems) -> Server:
    if situation is Situation.DEV and not is_loopback(table.host):
        problems.add(("server", "host"), f"{table.host}: `dev` and `demo` listen on loopback only, such as 127.0.0.1")
    if situation is Situation.SERVE and table.port == 0:
        problems.add(("server", "port"), "0 takes any free port in `dev` and `demo`; `serve` needs one that is known")
    networks = []
    for text in table.trusted_proxies:
        network = read_network(text)
        if isinstance(network, str):
            problems.add(("server", "trusted_proxies"), network)
        else:
            networks.append(network)
    return Server(
        host=table.host,
        port=table.port,
        page_base=_page_base(table, situation, problems),
        trusted_proxies=tuple(networks),
        workers=table.workers,
        work=table.work,
        drain_s=table.drain_s,
    )


def _refuse_several_processes(server: Server, problems: Problems) -> None:
    reason = "SQLite has one writing process, and a second one would only wait for it"
    if server.workers > 1:
        problems.add(("server", "workers"), f"{reason}: 1, or name a PostgreSQL in store.url")
    if not server.work:
        problems.add(("server", "work"), f"{reason}: true, or name a PostgreSQL in store.url")


def _page_base(table: ServerTable, situation: Situation, problems: Problems) -> str:
    if table.page_base is None:
        if situation is Situation.SERVE:
            problems.add(("server", "page_base"), "is missing: the public origin, such as https://verify.shop.example")
        host = f"[{table.host}]" if ":" in table.host else table.host
        return f"http://{host}:{table.port}"
    page_base = table.page_base.removesuffix("/")
    found = origin_problem(page_base, may_be_local=True)
    if found:
        problems.add(("server", "page_base"), found)
    return page_base


def _keys(file: str, folder: Path, environ: Mapping[str, str], problems: Problems) -> KeySource:
    text, named = environ.get(KEYS_VARIABLE), environ.get(KEYS_FILE_VARIABLE)
    if text and named:
        problems.add((), f"{KEYS_VARIABLE} and {KEYS_FILE_VARIABLE} both bring keys; set one")
    if text:
        return KeySource(name=KEYS_VARIABLE, path=folder / file, text=Secret(text))
    path = Path(named) if named else folder / file
    return KeySource(name=str(path), path=path, text=None)
