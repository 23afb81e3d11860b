"""Files in MaxMind's format: countries and autonomous systems, in the layouts that such files come in."""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import islice
from pathlib import Path
from typing import Final

import maxminddb
from maxminddb.types import RecordDict

from watchword.adapters.file_atlas.address_reading import Address
from watchword.adapters.file_atlas.compact_file import Fact
from watchword.adapters.file_atlas.text_lists import LARGEST_AS_NUMBER, read_country_code, system_text
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import SECOND_MS, Instant

RECORDS_TRIED: Final = 1_000
"""How many records are looked at to see whether a file tells what it was named for."""
_CALLED: Final = {Fact.COUNTRY: "country", Fact.ASN: "AS number"}
_AS_NUMBER: Final = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)


class Database:
    """One open file, asked for one fact."""

    __slots__ = ("_fact", "_knows_ipv6", "_reader")

    def __init__(self, reader: maxminddb.Reader, fact: Fact) -> None:
        self._fact = fact
        self._reader = reader
        self._knows_ipv6 = reader.metadata().ip_version == 6  # noqa: PLR2004 the version of the protocol

    @property
    def built_at(self) -> Instant:
        """When the file says that it was made."""
        return Instant(self._reader.metadata().build_epoch * SECOND_MS)

    @property
    def described(self) -> str:
        """What the file calls itself."""
        return self._reader.metadata().database_type

    def text(self, address: Address) -> str | None:
        """Return what the file says of an address, or None; a damaged place in the file knows nothing."""
        if isinstance(address, IPv6Address) and not self._knows_ipv6:
            return None
        try:
            return _value(self._reader.get(address), self._fact)
        except maxminddb.InvalidDatabaseError:
            return None

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def open_database(path: Path, fact: Fact) -> Database:
    """Return a file; one that cannot be read, or is of another kind, is a ``ConfigurationError``."""
    try:
        reader = maxminddb.open_database(path)
    except OSError as error:
        raise ConfigurationError((f"{path}: the {fact} file cannot be read: {error.strerror}",)) from None
    except (maxminddb.InvalidDatabaseError, ValueError):
        raise ConfigurationError((f"{path}: this is not a file in MaxMind's format",)) from None
    if not any(_value(record, fact) is not None for record in _first_records(reader)):
        described = reader.metadata().database_type
        reader.close()
        raise ConfigurationError((f"{path}: this file ({described}) does not tell any {_CALLED[fact]}",))
    return Database(reader, fact)


def _first_records(reader: maxminddb.Reader) -> Iterator[object]:
    """Yield what stands at the beginning of a file, as far as it can be read."""
    try:
        for _, record in islice(reader, RECORDS_TRIED):
            yield record
    except maxminddb.InvalidDatabaseError:
        return


def _value(record: object, fact: Fact) -> str | None:
    if not isinstance(record, dict):
        return None
    return _country_of(record) if fact is Fact.COUNTRY else _system_of(record)


def _country_of(record: RecordDict) -> str | None:
    """Return the country of a record: ``country.iso_code`` (MaxMind), ``country_code`` or ``country`` as a text."""
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else record.get("country_code", country)
    return read_country_code(code)


def _system_of(record: RecordDict) -> str | None:
    """Return the system of a record: ``autonomous_system_number`` (MaxMind) or ``asn``, with its name beside it."""
    written = record.get("autonomous_system_number", record.get("asn"))
    found = _AS_NUMBER.fullmatch(written) if isinstance(written, str) else None
    number = int(found[1]) if found else written
    if not isinstance(number, int) or not 0 < number <= LARGEST_AS_NUMBER:
        return None
    names = (record.get(key) for key in ("autonomous_system_organization", "as_name", "as_organization", "name"))
    return system_text(number, next((name for name in names if isinstance(name, str)), None))
