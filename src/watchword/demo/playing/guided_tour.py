"""The guided tour: a dozen steps through the store, each of which notices by itself when it is done."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from watchword.demo.intentions import Kind, Step
from watchword.demo.ledger import now_s
from watchword.demo.playing.backstage import backstage_of
from watchword.demo.playing.desks import Mark, desk_of, marks_of
from watchword.demo.playing.phone import Phone
from watchword.demo.shop import shop_of
from watchword_client import ChallengeState, WatchwordError

FIRST_TRIES: Final = 5
"""Tries of a challenge that nobody has used one of (the default of Watchword, which the demo leaves alone)."""
HOME_COUNTRY: Final = "US"
ASKED_EVERY_S: Final = 6
"""How often Watchword is asked while a page is open and nothing is done; after a form it is asked at once."""
LOOKED_AT: Final = 6
"""Of how many challenges the tries are looked at, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TourStep:
    """One step: what to do, and where."""

    id: str
    title: str
    words: str
    link: str
    link_text: str
    promises: str
    """What it shows, by the numbers of docs/promises.md."""
    form: Mapping[str, str] | None = None
    """A form that brings the visitor there in one press, instead of the link: its fields, with ``action``."""


def tour_steps() -> tuple[TourStep, ...]:
    """Return the steps in their order."""
    return (*_first_half(), *_second_half())


def _first_half() -> tuple[TourStep, ...]:
    return (
        TourStep(
            id="visitor",
            title="Become a customer",
            words="One press makes you up: a name, an e-mail address and a phone that exist in this demo only.",
            link="/register",
            link_text="Or register by hand",
            promises="B7, B17",
            form={"action": "/visitors", "label": "New visitor", "welcome": "yes"},
        ),
        TourStep(
            id="first_code",
            title="Sign in from a new browser",
            words="Nobody has seen this browser before, so a code goes to your phone. It says what it is for."
            " Type it on the code page.",
            link="/welcome",
            link_text="To the code",
            promises="B1, B7, B9",
        ),
        TourStep(
            id="ordinary",
            title="Buy something ordinary",
            words="A candle for 9.50, from the browser that you just proved. Nothing is asked.",
            link="/products/candle",
            link_text="Beeswax candle",
            promises="B6",
        ),
        TourStep(
            id="high_value",
            title="Buy something dear",
            words="The telescope costs 1,299.00. Page and message both name the amount and who gets it, and"
            " a confirmation follows.",
            link="/products/telescope",
            link_text="Brass telescope",
            promises="B4, B10",
        ),
        TourStep(
            id="wrong_code",
            title="Mistype a code",
            words="Buy it once more and type any other six digits. The page says how many tries are left.",
            link="/products/telescope",
            link_text="Brass telescope",
            promises="B11",
        ),
        TourStep(
            id="other_way",
            title="Ask for the code another way",
            words="On the code page, have it sent to your e-mail instead, or wait half a minute and send it again."
            " An older code stops working.",
            link="/products/telescope",
            link_text="Brass telescope",
            promises="B8, B14",
        ),
    )


def _second_half() -> tuple[TourStep, ...]:
    return (
        TourStep(
            id="abroad",
            title="Travel",
            words="Buy the same candle from Germany. The place is new, so what was ordinary at home takes a code.",
            link="/products/candle",
            link_text="Beeswax candle",
            promises="B5",
            form={"action": "/pretend", "label": "Fly to Germany", "place": "abroad", "path": "/products/candle"},
        ),
        TourStep(
            id="trusted",
            title="Trust this browser",
            words="Take a browser that nobody knows, sign in, and tick “trust this device” above the button."
            " After that it is asked less, even abroad.",
            link="/sign-in",
            link_text="Sign in",
            promises="B13",
            form={
                "action": "/pretend/new-browser",
                "label": "Take a new browser",
                "sign_out": "yes",
                "path": "/sign-in",
            },
        ),
        TourStep(
            id="reset",
            title="Forget your password",
            words="Trusted or not: a reset always asks. And it says the same for addresses that nobody has.",
            link="/reset",
            link_text="Reset the password",
            promises="B2",
        ),
        TourStep(
            id="genuine",
            title="Tell a fake message from a genuine one",
            words="Get a fake onto your phone, look for its reference in your account, and report it.",
            link="/attacks/fake-message",
            link_text="Fake message",
            promises="B15",
        ),
        TourStep(
            id="phisher",
            title="Fall for a phisher",
            words="Type password and code into a copy of the store. This works, and it is said honestly: a typed code"
            " can be relayed.",
            link="/attacks/phisher",
            link_text="Phisher",
            promises="B15",
        ),
        TourStep(
            id="not_me",
            title="Say “this wasn't me”",
            words="The relayed sign-in is on your list and in your mail. Press “this wasn't me” there: the phisher is"
            " out.",
            link="/attacks/phisher",
            link_text="Phisher",
            promises="B15, B18",
        ),
    )


async def notice_done(request: Request, phone: Phone) -> frozenset[str]:
    """Return the ids of the steps that are done; what was seen to be done once stays done."""
    desk = desk_of(request)
    if desk.owner_id is None:
        return frozenset()
    backstage = backstage_of(request)
    done = frozenset(backstage.done.get(desk.id) or ()) | {"visitor"}
    done |= _done_in_the_store(request, desk.owner_id) | _done_on_the_phone(phone)
    if now_s() - (backstage.asked_at_s.get(desk.id) or 0) >= ASKED_EVERY_S:
        backstage.asked_at_s.put(desk.id, now_s())
        done |= await _told_by_watchword(request, desk.owner_id, done)
    backstage.done.put(desk.id, done)
    return done


def next_step(done: frozenset[str]) -> TourStep | None:
    """Return the first step that is not done."""
    return next((step for step in tour_steps() if step.id not in done), None)


def _done_in_the_store(request: Request, owner_id: str) -> frozenset[str]:
    ledger, desk = shop_of(request).ledger, desk_of(request)
    rows = ledger.rows(
        "SELECT kind, challenge_id IS NOT NULL AS is_proven FROM intentions"
        " WHERE customer_id = :id AND step = :step GROUP BY 1, 2",
        id=owner_id,
        step=Step.DONE,
    )
    came = {(Kind(row["kind"]), bool(row["is_proven"])) for row in rows}
    marks = marks_of(ledger, desk.id)
    found = {
        "first_code": (Kind.SIGN_IN, True) in came,
        "ordinary": (Kind.PURCHASE, False) in came,
        "high_value": (Kind.PURCHASE, True) in came,
        "reset": (Kind.RESET, True) in came,
        "genuine": Mark.FOUND_FAKE in marks,
        "phisher": Mark.PHISHED in marks,
        "not_me": Mark.DISPUTED in marks,
    }
    return frozenset(step_id for step_id, is_done in found.items() if is_done)


def _done_on_the_phone(phone: Phone) -> frozenset[str]:
    codes = Counter(message.challenge_id for message in phone.messages if message.code is not None)
    return frozenset({"other_way"}) if any(count > 1 for count in codes.values()) else frozenset()


async def _told_by_watchword(request: Request, owner_id: str, done: frozenset[str]) -> frozenset[str]:
    open_questions = {step_id: look for step_id, look in _questions().items() if step_id not in done}
    return frozenset([step_id for step_id, look in open_questions.items() if await _answer(look(request, owner_id))])


def _questions() -> Mapping[str, Callable[[Request, str], Awaitable[bool]]]:
    """Return what only Watchword can tell, by step."""
    return {"wrong_code": _has_mistyped, "abroad": _was_abroad, "trusted": _has_trusted}


async def _answer(question: Awaitable[bool]) -> bool:
    try:
        return await question
    except WatchwordError:
        # The tour waits; the store does not depend on it.
        return False


async def _has_mistyped(request: Request, owner_id: str) -> bool:
    shop = shop_of(request)
    rows = shop.ledger.rows(
        "SELECT challenge_id FROM intentions WHERE customer_id = :id AND challenge_id IS NOT NULL"
        " ORDER BY created_at DESC, rowid DESC LIMIT :most",
        id=owner_id,
        most=LOOKED_AT,
    )
    for row in rows:
        challenge = await shop.watchword.challenges.get(row["challenge_id"])
        right = 1 if challenge.state == ChallengeState.APPROVED else 0
        if challenge.attempts_left + right < FIRST_TRIES:
            return True
    return False


async def _was_abroad(request: Request, owner_id: str) -> bool:
    page = await shop_of(request).watchword.users.requests(owner_id, limit=50)
    return any(
        found.country not in {None, HOME_COUNTRY} and found.state == "approved" and found.type == "purchase"
        for found in page.data
    )


async def _has_trusted(request: Request, owner_id: str) -> bool:
    page = await shop_of(request).watchword.users.devices(owner_id, limit=50)
    return any(device.state == "trusted" for device in page.data)
