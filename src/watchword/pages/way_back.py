"""The way back to the application at the end of a challenge; knows no page.

Nothing secret goes along: the application's back end learns the result by claiming it with its own key.
"""

import re
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from watchword.domain.application import Application
from watchword.domain.challenge import Challenge

_HOST: Final = re.compile(r"[a-z0-9.-]+")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")


def way_back(application: Application, challenge: Challenge) -> str | None:
    """Return where the browser goes at the end, or None where the action named no address.

    An address that has left the application's list since is not used. What the address already holds is kept as it is.
    """
    action = challenge.action
    if action.return_url is None or not application.allows_return_to(action.return_url):
        return None
    result = {"watchword_challenge": str(challenge.id)}
    if action.state is not None:
        result["state"] = action.state
    address, hash_sign, fragment = action.return_url.partition("#")
    joint = "?" if "?" not in address else "" if address.endswith(("?", "&")) else "&"
    return f"{address}{joint}{urlencode(result, quote_via=quote)}{hash_sign}{fragment}"


def form_targets(application: Application, challenge: Challenge) -> tuple[str, ...]:
    """Return the sources that ``form-action`` has to name besides our own.

    Browsers apply it to every redirect that follows a form (CSP 3 §6.4.1; Chromium does), the application's own
    further redirect among its origins included.
    """
    back = way_back(application, challenge)
    urls = () if back is None else (back, *application.origins)
    return tuple(dict.fromkeys(source for url in urls if (source := _source(url)) is not None))


def _source(url: str) -> str | None:
    """Return the origin of an address as a CSP source; only its scheme where CSP cannot name the host.

    An app link has no host that counts, and the grammar of a host knows no IPv6 literal (CSP 3 §2.3.1).
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return None
    if not _SCHEME.fullmatch(parts.scheme):
        return None
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{host}{port}"
