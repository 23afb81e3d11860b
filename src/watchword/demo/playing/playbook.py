"""What can be tried in the store: every behaviour that Watchword promises, and how to see it here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One promise, and how to see it kept."""

    id: str
    promise: str
    steps: tuple[str, ...]
    link: str
    link_text: str


def plays() -> tuple[Play, ...]:
    """Return every play, in the order of the promises B1 to B18."""
    return (*_coming_in(), *_paying(), *_the_code(), *_staying_safe())


def _coming_in() -> tuple[Play, ...]:
    return (
        _play(
            "B1",
            "Signing in from a new device asks for a code",
            "/sign-in",
            "Sign in",
            "Become a new visitor: the first sign-in asks for a code.",
            "Sign out and in again: this browser is known now, and nothing is asked.",
            "Press “Take a new browser” beside the shop and sign in once more: it is new again.",
        ),
        _play(
            "B2",
            "Resetting the password always asks for a code",
            "/reset",
            "Reset a password",
            "Reset it from this browser, although it is known or even trusted: a code is asked for all the same.",
            "Try an address that nobody has: the page looks the same, and no message is sent.",
        ),
        _play(
            "B3",
            "Changing account data always asks for a code",
            "/account",
            "Your account",
            "Replace your e-mail address: the code goes to a contact you had before, never to the new one.",
            "Then confirm the new address: it gets a code of its own, which only shows that it reaches you.",
            "Change the password or the postal address: the same.",
        ),
    )


def _paying() -> tuple[Play, ...]:
    return (
        _play(
            "B4",
            "A high-value purchase asks for a code",
            "/products/telescope",
            "Brass telescope",
            "Buy the telescope: one purchase above the limit. Message and page name the amount and the payee.",
            "Or buy kettles, nine at a time, until the sum since your last proof is too high; or mugs, one at a time,"
            " until there were too many purchases.",
            "Or buy the cheese: its price is in a currency for which no limit is set.",
        ),
        _play(
            "B5",
            "A suspicious purchase, or one from a new device or place, asks for a code",
            "/products/mug",
            "Enamel mug",
            "Choose “On a trip to Germany” beside the shop, go there, and buy a mug.",
            "Or press “Take a new browser” and buy one. Leave the code page and try again: asking again does not wear"
            " it down.",
        ),
        _play(
            "B6",
            "An ordinary purchase does not ask",
            "/products/candle",
            "Beeswax candle",
            "Choose “At home”, in a browser that is known, and buy a candle: it goes through at once.",
        ),
    )


def _the_code() -> tuple[Play, ...]:
    return (
        _play(
            "B7",
            "The code is random and goes to the registered phone or e-mail",
            "/account",
            "Your account",
            "Compare the codes on the phone: each request has its own, sent to the addresses in your account only.",
        ),
        _play(
            "B8",
            "The code is valid for a short time",
            "/products/telescope",
            "Brass telescope",
            "Start a purchase, wait until the time on the code page is over, then enter the code.",
            "Ask for the code again on the way: that does not make the time longer.",
        ),
        _play(
            "B9",
            "The code is typed on the website",
            "/requests",
            "Your requests",
            "No message asks for a reply. Whatever is waiting for a code is listed in your account.",
        ),
        _play(
            "B10",
            "Right code: it goes through, and a confirmation follows",
            "/orders",
            "Your orders",
            "Buy the telescope, enter the code, and look at the phone: one confirmation, by e-mail.",
            "Press “back” and reload: it is bought once.",
        ),
        _play(
            "B11",
            "Wrong code: try again; after the last try it is cancelled",
            "/products/telescope",
            "Brass telescope",
            "Enter a wrong code five times. The page brings you back here, nothing is ordered, and you start over.",
        ),
        _play(
            "B12",
            "There is no opting out",
            "/account",
            "Your account",
            "Look for a switch that turns codes off. There is none.",
        ),
        _play(
            "B13",
            "“Trust this device” makes requests rarer",
            "/devices",
            "Your devices",
            "Tick it while entering the code of a sign-in. Then buy a mug on a trip: a trusted device is asked less.",
            "A reset, a change of the account and the telescope ask all the same. Take the trust back in the list.",
        ),
        _play(
            "B14",
            "“Didn't get the code?”",
            "/products/telescope",
            "Brass telescope",
            "On the code page open the help: see how the message is doing, send it again, use another contact, and"
            " find the reference number for support.",
        ),
    )


def _staying_safe() -> tuple[Play, ...]:
    return (
        _play(
            "B15",
            "Nobody asks for a code by mail or phone, and genuine requests can be looked up",
            "/requests",
            "Your requests",
            "Compare a message on the phone with the list: the reference is the same. A message that is not there is"
            " a fake.",
            "One that is there but was not started by you is an attack: say “this wasn't me”, even without signing in.",
        ),
        _play(
            "B16",
            "Keeping contacts current makes verification easier",
            "/account",
            "Your account",
            "Register with an e-mail address and a phone number of your own making. The first code confirms only one"
            " of them; after your next purchase the account advises to confirm the other, with a button for it.",
            "Remove a contact: the account advises to have a second one.",
        ),
        _play(
            "B17",
            "Strong, unique passwords",
            "/register",
            "Register",
            "Try “correct horse battery staple”, or fifteen times the same letter. Passwords are kept with Argon2id.",
        ),
        _play(
            "B18",
            "Somebody tried and failed: the owner is told",
            "/sign-in",
            "Sign in",
            "Use up the tries of a sign-in in a browser that is not known, then read the notice on the phone.",
            "Or let a thief copy the cookie of your browser, under “Copied cookie”: the device is revoked, and every"
            " confirmed contact is told.",
        ),
    )


def _play(play_id: str, promise: str, link: str, link_text: str, *steps: str) -> Play:
    return Play(id=play_id, promise=promise, steps=steps, link=link, link_text=link_text)
