"""Password care for stores: judges new passwords, finds breached ones, and keeps them with Argon2id.

Needs the extra: ``pip install 'watchword-client[passwords]'``. Talks to nobody, unless a ``RangeLookup`` is given. No
value, error or log line of this package holds a password.
"""

try:
    import argon2  # noqa: F401 - asked for here, so that what is missing is named once and plainly
    import zxcvbn  # noqa: F401 - as above
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "watchword_client.passwords needs its extra: pip install 'watchword-client[passwords]'", name=error.name
    ) from error

from watchword_client.passwords.breached import BreachedFile, BreachedPasswords, WidelyUsed, hash_of
from watchword_client.passwords.hash_list import (
    BrokenList,
    SoundList,
    build_hash_list,
    check_hash_list,
    join_range_files,
)
from watchword_client.passwords.hashing import AsyncPasswordHashes, HashParameters, PasswordHashes
from watchword_client.passwords.judging import (
    ALONE,
    ONE_OF_TWO_FACTORS,
    AsyncPasswordJudge,
    LengthRule,
    PasswordJudge,
    normalised,
)
from watchword_client.passwords.range_lookup import AsyncRangeLookup, RangeLookup
from watchword_client.passwords.verdicts import (
    Accepted,
    Breached,
    Hint,
    LookupAnswer,
    NotChecked,
    NotSeen,
    TooEasy,
    TooLong,
    TooShort,
    Verdict,
    in_english,
)

__all__ = [
    "ALONE",
    "ONE_OF_TWO_FACTORS",
    "Accepted",
    "AsyncPasswordHashes",
    "AsyncPasswordJudge",
    "AsyncRangeLookup",
    "Breached",
    "BreachedFile",
    "BreachedPasswords",
    "BrokenList",
    "HashParameters",
    "Hint",
    "LengthRule",
    "LookupAnswer",
    "NotChecked",
    "NotSeen",
    "PasswordHashes",
    "PasswordJudge",
    "RangeLookup",
    "SoundList",
    "TooEasy",
    "TooLong",
    "TooShort",
    "Verdict",
    "WidelyUsed",
    "build_hash_list",
    "check_hash_list",
    "hash_of",
    "in_english",
    "join_range_files",
    "normalised",
]
