"""Messages that want to be let through: what guards are asked about, with figures that a test changes."""

from typing import Any, Final

from tests.contract.builders import SHOP
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.domain.contact import Channel
from watchword.domain.guards import MICROS, Guards, Shut, Toll
from watchword.domain.ids import ContactId, DeliveryId
from watchword.domain.instant import Instant

PREFIX: Final = "+491701234"
OTHER_PREFIX: Final = "+491601234"
COUNTRY: Final = "DE"
PRICE: Final = MICROS // 10
FIRST_SEEN: Final = Instant(1_790_000_000_000)


def toll(number: int, **changes: Any) -> Toll:
    """Give the first try of a code to a contact that nobody knew before; each number is another contact."""
    fields: dict[str, Any] = {
        "application_id": SHOP,
        "delivery_id": DeliveryId(f"dlv_{number}"),
        "tries": 0,
        "sender": "provider",
        "channel": Channel.SMS,
        "contact_id": ContactId(f"ctc_{number}"),
        "prefix": PREFIX,
        "country": COUNTRY,
        "price": PRICE,
        "is_code": True,
        "proven_since": None,
        "first_seen_at": FIRST_SEEN,
        "guards": Guards(),
    }
    return Toll(**(fields | changes))


async def pass_many(booth: RowGuardStore, numbers: range, **changes: Any) -> list[Shut | None]:
    """Ask for one message after the other."""
    return [await booth.admit(toll(number, **changes)) for number in numbers]


def let_through(answers: list[Shut | None]) -> int:
    """Return how many were let through."""
    return sum(answer is None for answer in answers)
