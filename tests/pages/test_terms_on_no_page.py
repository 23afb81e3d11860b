"""No page tells a customer, or whoever sits in his place, what speaks against him."""

from tests.pages.guest import visit
from tests.pages.world import USER, World
from watchword.domain.challenge import Challenge
from watchword.domain.user import UserRef
from watchword.risk.signals import declarations

NAMES = [declared.name for declared in declarations() if "." in declared.name]
SUSPICIOUS = {"type": "sign_in", "ip": "203.0.113.9", "user_agent": "curl/8.5.0"}


async def secrets_of(world: World, challenge: Challenge) -> list[str]:
    action = challenge.action
    ref = UserRef(application_id=action.application_id, key=action.user_key)
    record = await world.ports.store.action(ref, action.id)
    assert record is not None
    texts = [term.text for term in record.assessment.terms]
    assert len(texts) >= 5
    assert action.user_id == USER
    return [*texts, *NAMES]


async def test_no_page_of_a_suspicious_request_shows_a_term(world: World) -> None:
    await world.start(**SUSPICIOUS)
    view = await world.start(**SUSPICIOUS)
    challenge = await world.read(view.id)
    guest = await visit(world.site, view.url)
    pages, button = [guest.page], guest.page.forms[0].button
    pages += [await guest.press(button, code=typed) for typed in ("no code", "1" * challenge.code_length)]
    pages += [await guest.open(link) for link in tuple(guest.page.links.values()) if link.startswith("/")]
    assert len(pages) >= 4
    everything = "\n".join(f"{page.response.headers}{page.html}" for page in pages)
    assert [secret for secret in await secrets_of(world, challenge) if secret in everything] == []
