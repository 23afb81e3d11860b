"""Says the name of a device in a language: what a user agent told is made of two names and an English "on"."""

from collections.abc import Callable

from watchword.domain.device import ON_SYSTEM, UNKNOWN_BROWSER


def device_words(name: str, say: Callable[..., str], dress: Callable[[str], str]) -> str:
    """Return the name of a device as a part of a sentence; what its owner called it stays as it is.

    ``dress`` makes each name harmless, and may leave it out, in which case nothing is said of the device.
    """
    browser, _, system = name.partition(ON_SYSTEM)
    shown = say("device.unknown") if browser == UNKNOWN_BROWSER and dress(browser) else dress(browser)
    place = dress(system) if system else ""
    return say("device.on", browser=shown, system=place) if shown and place else shown
