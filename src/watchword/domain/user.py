"""The person, known by the application's own id, and the key that leads to his shard."""

from dataclasses import dataclass

from watchword.domain.contact import Contact
from watchword.domain.ids import ApplicationId, UserId, UserKey
from watchword.domain.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRef:
    """Whom an operation is about: exactly one user of one application, known to us or not."""

    application_id: ApplicationId
    key: UserKey


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A registered user with his listed contacts (those that left are not among them)."""

    ref: UserRef
    id: UserId
    contacts: tuple[Contact, ...]
    locale: str | None
    created_at: Instant
    disputed_at: Instant | None = None
    """Since when he is challenged everywhere because of a dispute; None once he proved an old contact."""
    locked_until: Instant | None = None
    """When the open lane of his failure budget frees, where it is spent now."""
