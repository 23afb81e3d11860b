"""Which passwords the store takes, and how it keeps them.

The rules are those of NIST SP 800-63B-4, section 3.1.1.2: at least 15 characters, because on a device that is known
the password is all that is asked for (8 would do only as one of two factors); at least 64 allowed; every character
of Unicode counts as one, after NFKC; no rules about the kinds of characters; nothing that is known from breaches.
"""

import unicodedata
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.concurrency import run_in_threadpool
from zxcvbn import zxcvbn

SHORTEST = 15
"""Characters of a password that is used alone (SP 800-63B-4, section 3.1.1.2)."""
LONGEST = 256
"""Characters; at least 64 have to be allowed (the same section), and some end keeps the work of hashing bounded."""
STRONG_ENOUGH = 3
"""The score of zxcvbn from which a password holds against offline guessing ("safely unguessable")."""
_JUDGED = 72
"""zxcvbn's time grows with the length; what follows can only make a password stronger."""
_NOBODYS_HASH = (
    # Of a random password that was thrown away: somebody unknown has to take as long as somebody known.
    "$argon2id$v=19$m=65536,t=3,p=4$5cAFdIDRFQc1WSr5bACAgQ$dLcHeLM273AJi/XoITSwYeSub3t8I7AOISdXc0WX+B0"
)


def normalised(password: str) -> str:
    """Return the form of a password that is judged and hashed: the same keys give the same text everywhere."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, own_words: list[str]) -> str | None:
    """Return why a password is not taken, as a sentence for the customer, or ``None``."""
    password = normalised(password)
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. A few words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if password.casefold() in known_from_breaches():
        return "This password is on lists of stolen passwords, so it is among the first to be tried. Choose another."
    judged = zxcvbn(password[:_JUDGED], user_inputs=[word for word in own_words if word])
    if judged["score"] < STRONG_ENOUGH:
        advice = judged["feedback"]["warning"] or "It is made of common words or patterns"
        return f"This password is too easy to guess. {advice.rstrip('.')}."
    return None


def known_from_breaches() -> frozenset[str]:
    """Return the passwords that are refused whatever their strength, in small letters."""
    text = resources.files("watchword.demo").joinpath("breached.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


async def hash_password(hasher: PasswordHasher, password: str) -> str:
    """Return the Argon2id hash to keep."""
    return await run_in_threadpool(hasher.hash, normalised(password))


async def is_password(hasher: PasswordHasher, kept_hash: str | None, password: str) -> bool:
    """Say whether this is the password; takes as long where there is no account."""
    entered = normalised(password)
    # Nobody can have set a longer one, and cutting it short would take a wrong one for right.
    asked_hash = kept_hash if len(entered) <= LONGEST else None
    return await run_in_threadpool(_verify, hasher, asked_hash, entered[:LONGEST])


def _verify(hasher: PasswordHasher, kept_hash: str | None, password: str) -> bool:
    try:
        hasher.verify(kept_hash or _NOBODYS_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept_hash is not None
