"""Every hosted page in every state that a customer can bring it to: the one list that all checks of this folder walk.

A page to come is one line here: a name (its pictures and its snapshot are called by it), the steps that lead there over
the real pages, and what its application has that others have not. The steps press what is there by its place in the
form, never by its words, so that each scene can be played in every language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.accessibility.happenings import (
    SUPPORT,
    cookies_are_lost,
    every_channel_closes,
    inbox_of,
    message_arrived,
    message_failed,
    newer_requests_come,
    notice_opened,
    number_is_dead,
    own,
    reference_typed,
    references_tried,
    requests_are_there,
    store_is_away,
)
from tests.accessibility.visitor import (
    Step,
    Visitor,
    again,
    begun_elsewhere,
    opened,
    posted,
    pressed,
    pressed_in,
    read_the_code,
    reopened,
    sent_to,
    shown,
    started,
    submitted,
    typed,
    typed_the_code,
    typed_wrong,
    unfolded,
    waited,
)
from tests.kit.languages import LANGUAGES
from tests.pages.brands import brand, drawn
from tests.pages.world import A_SIGN_IN, ONE_CAMERA
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET
from watchword.domain.colour import Colour
from watchword.domain.contact import Channel
from watchword.domain.limits import Limits
from watchword.flow.link import ViewPage
from watchword.pages.posted_form import LARGEST_FORM
from watchword.pages.reader import CHOICE
from watchword.wording.languages import DEFAULT_TAG, PSEUDO_TAG

KNOWS_SUPPORT: Final = {"support": SUPPORT}
GUESSED_AT: Final = {"limits": replace(Limits(), failures_per_user=3, open_lane_failures=2)}
PHONE_ONLY: Final = {"channels": (Channel.SMS, Channel.VOICE)}
LONG_WORDS: Final = "2 × mirrorless camera body, " + "W" * 80 + ", and a strap"
A_RESET: Final = {"type": PASSWORD_RESET}
A_NEW_PHONE: Final = {"type": ACCOUNT_UPDATE, "details": {"field": "phone", "new_contact": "+14155550199"}}
REFERENCE: Final = "#reference"
YELLOW: Final = Colour(red=0xFF, green=0xD4, blue=0)
LONG_NAME: Final = "Ostfriesische Tee- und Gewürzhandelsgesellschaft Müller mbH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One page in one state."""

    name: str
    steps: tuple[Step, ...]
    application: Mapping[str, Any] = field(default_factory=dict)
    """What its application has that the others have not."""
    is_error: bool = False
    """Whether the title says first that something is wrong."""
    language: str = DEFAULT_TAG

    async def play(self, visitor: Visitor) -> None:
        """Bring the page to this state."""
        for step in self.steps:
            await step(visitor)


def _scene(name: str, *steps: Step, **more: Any) -> Scene:
    return Scene(name=name, steps=steps, **more)


def _error(name: str, *steps: Step, **more: Any) -> Scene:
    return Scene(name=name, steps=steps, is_error=True, **more)


CAMERA: Final = started(**ONE_CAMERA)
PAST_THE_WAIT: Final = (CAMERA, waited(seconds=31), reopened)
RESET_BEFORE: Final = (started(**A_RESET), read_the_code, typed_the_code)
ALL_SENT: Final = (
    *(CAMERA, sent_to("voice"), reopened, waited(seconds=60), sent_to("email"), reopened, waited(seconds=60)),
    *(sent_to("sms"), reopened, waited(seconds=60), sent_to("voice"), reopened),
)

ENTRY: Final = (
    _scene("entry", CAMERA),
    _scene("entry-sign-in-with-trust", started(**A_SIGN_IN)),
    _scene("entry-new-phone-number", started(**A_NEW_PHONE)),
    _scene("entry-long-words", started(**ONE_CAMERA, summary=LONG_WORDS)),
    _scene("entry-concealed", started(**A_RESET)),
    _scene("entry-asks-where-to-send", started(**ONE_CAMERA, send=False)),
    _scene("entry-no-way-back", started(**ONE_CAMERA, return_url=None)),
    _scene("entry-call", CAMERA, sent_to("voice")),
    _scene("entry-can-send-again", *PAST_THE_WAIT),
    _scene("entry-sent-again", *PAST_THE_WAIT, pressed_in("/send")),
    _scene("entry-sent-another-way", CAMERA, sent_to("email")),
    _scene("entry-sent-perhaps", started(**A_RESET), waited(seconds=31), reopened, sent_to("email")),
    _scene("entry-all-sent", *ALL_SENT),
    _scene("entry-on-its-way", CAMERA, read_the_code, reopened),
    _scene("entry-arrived", CAMERA, message_arrived, reopened),
    _scene("entry-not-arrived", CAMERA, message_failed, reopened),
    _scene("entry-dead-number", CAMERA, number_is_dead, reopened),
    _scene("entry-closed", every_channel_closes, CAMERA, application=PHONE_ONLY),
    _scene("entry-begun-elsewhere", CAMERA, begun_elsewhere, reopened),
    _scene("entry-one-minute-left", CAMERA, waited(seconds=241), shown("[data-soon]:not(:empty)")),
)
ENTRY_ERRORS: Final = (
    _error("error-empty", CAMERA, typed("")),
    _error("error-too-short", CAMERA, typed("12345")),
    _error("error-too-long", CAMERA, typed("1234567")),
    _error("error-not-digits", CAMERA, typed("letters")),
    _error("error-wrong", CAMERA, read_the_code, typed_wrong()),
    _error("error-wrong-last-try", CAMERA, read_the_code, typed_wrong(times=4)),
    _error("error-wrong-with-trust", started(**A_SIGN_IN), read_the_code, typed_wrong()),
    _error("error-older-code", CAMERA, read_the_code, sent_to("email"), typed_the_code),
    _error("error-nothing-sent", started(**ONE_CAMERA, send=False), posted("", {"code": "123456"})),
    _error("error-all-sent", *ALL_SENT, posted("/send", {})),
    _error("error-no-such-way", CAMERA, posted("/send", {"channel": "pigeon"})),
)
HELP: Final = (
    _scene("help", CAMERA, pressed(".way"), application=KNOWS_SUPPORT),
    _scene("help-without-support", CAMERA, pressed(".way")),
    _scene("help-concealed", started(**A_RESET), pressed(".way")),
    _scene("help-e-mail", CAMERA, sent_to("email"), pressed(".way")),
    _scene("help-call", CAMERA, sent_to("voice"), pressed(".way")),
    _scene("help-not-arrived", CAMERA, message_failed, reopened, pressed(".way")),
    _scene("help-after-a-reset", *RESET_BEFORE, started(**A_NEW_PHONE), pressed(".way")),
)
ENDS: Final = (
    _scene("end-approved", CAMERA, read_the_code, typed_the_code, reopened),
    _scene("end-approved-no-way-back", started(**ONE_CAMERA, return_url=None), read_the_code, typed_the_code),
    _scene("end-denied", CAMERA, pressed_in("/deny"), application=KNOWS_SUPPORT),
    _scene("end-cancelled", CAMERA, pressed_in("/cancel"), reopened),
    _scene("end-replaced", CAMERA, newer_requests_come, reopened),
    _scene("end-expired", CAMERA, waited(seconds=300), reopened),
    _scene("end-came-while-open", CAMERA, waited(seconds=300), shown("main.end")),
    _scene("end-exhausted", CAMERA, read_the_code, typed_wrong(times=5)),
)
REFUSED: Final = (
    _error("refused-unknown", opened("/c/wct_0")),
    _error("refused-elsewhere", CAMERA, begun_elsewhere, typed("123456")),
    _error("refused-without-cookies", CAMERA, cookies_are_lost, typed("123456")),
    _error("refused-foreign-form", CAMERA, posted("", {"csrf": "0" * 26})),
    _error("refused-too-large", CAMERA, typed("1" * LARGEST_FORM)),
    _error("refused-not-a-form", CAMERA, posted("", {}, "multipart/form-data")),
    _error("refused-too-soon", CAMERA, submitted("form[action$='/send']")),
    _error("refused-too-many-guesses", CAMERA, read_the_code, typed_wrong(times=3), application=GUESSED_AT),
    _error("refused-too-many-references", references_tried, opened("/no"), typed("7K2M9QXD", REFERENCE)),
    _error("refused-store-away", CAMERA, store_is_away, typed("123456")),
)
NO: Final = (
    _scene("no", opened("/no")),
    _error("no-empty", opened("/no"), typed("", REFERENCE)),
    _error("no-unknown-reference", opened("/no"), typed("7K2M9QXD", REFERENCE)),
    _scene("no-notice", notice_opened),
    _scene("no-notice-undone", notice_opened, pressed(".stop")),
    _scene("no-old-link", opened("/no?n=x")),
    _scene("no-stopped", CAMERA, opened("/no"), reference_typed),
    _scene("no-disputed", CAMERA, read_the_code, typed_the_code, opened("/no"), reference_typed),
    _scene("no-nothing-left", CAMERA, waited(seconds=300), opened("/no"), reference_typed),
)
OWN: Final = (
    _scene("own-requests-none", own(ViewPage.REQUESTS)),
    _scene("own-requests", requests_are_there, own(ViewPage.REQUESTS)),
    _scene("own-requests-unfolded", requests_are_there, own(ViewPage.REQUESTS), unfolded),
    _scene(
        "own-requests-stopped", requests_are_there, own(ViewPage.REQUESTS), unfolded, pressed("details[open] .stop")
    ),
    _scene("own-devices-none", own(ViewPage.DEVICES)),
    _scene("own-devices", requests_are_there, own(ViewPage.DEVICES)),
    _scene("own-devices-unfolded", requests_are_there, own(ViewPage.DEVICES), unfolded),
    _scene("own-devices-distrusted", requests_are_there, own(ViewPage.DEVICES), pressed_in("/distrust")),
    _error("own-devices-bad-name", requests_are_there, own(ViewPage.DEVICES), unfolded, typed("", "[name=name]")),
    _scene("own-contacts", own(ViewPage.CONTACTS)),
    _scene("own-contacts-no-preference", own(ViewPage.CONTACTS), pressed_in("/prefer")),
    _error("own-closed", own(ViewPage.CONTACTS), waited(seconds=600), again),
)
BRANDED: Final = (
    _scene("brand-logo-entry", CAMERA, application={"branding": brand(logo=drawn(480, 60))}),
    _scene("brand-logo-denied", CAMERA, pressed_in("/deny"), application={"branding": brand(logo=drawn(160, 160))}),
    _scene("brand-yellow-entry", started(**A_SIGN_IN), application={"branding": brand(YELLOW)}),
    _scene("brand-long-name", CAMERA, application={"name": LONG_NAME}),
)
INBOX: Final = (
    _scene("inbox", inbox_of(3), opened("/dev/inbox"), shown("time")),
    _scene("inbox-empty", inbox_of(0), opened("/dev/inbox")),
    _scene("inbox-paused", inbox_of(3), opened("/dev/inbox?pause=1&to=ada@home.example")),
)

IN_ENGLISH: Final = (*ENTRY, *ENTRY_ERRORS, *HELP, *ENDS, *REFUSED, *NO, *OWN, *BRANDED, *INBOX)
PLAYED_IN_ALL: Final = ("entry-sign-in-with-trust",)
PLAYED_IN_STRANGE: Final = (
    "entry-sign-in-with-trust",
    "error-wrong",
    "help",
    "end-denied",
    "own-requests-unfolded",
    "own-devices",
)
STRANGE: Final = (PSEUDO_TAG, "ar")
"""The languages least like English: one longer than any, and one that is written from the right."""


def _translated(scene: Scene, tag: str) -> Scene:
    steps = (opened(f"/no?{CHOICE}={tag}"), *scene.steps)
    return replace(scene, name=f"{scene.name}-{tag}", language=tag, steps=steps)


IN_OTHERS: Final = tuple(
    _translated(scene, tag)
    for tag in LANGUAGES.by_tag
    for scene in IN_ENGLISH
    if tag != DEFAULT_TAG and scene.name in (PLAYED_IN_STRANGE if tag in STRANGE else PLAYED_IN_ALL)
)
SCENES: Final = (*IN_ENGLISH, *IN_OTHERS)
"""All that there is to look at."""
