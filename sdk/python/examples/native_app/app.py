"""A pretend app in a terminal: it has no secret key, asks its own back end, and shows the screen for the code itself.

What it may do with a challenge's token are four calls: look at the challenge, have the code sent, try one, give up.

    python app.py --back-end http://127.0.0.1:9000 --user ann --phone +14155550123 --buy camera

``--hosted`` shows no screen of its own: it names the address that a real app opens in a Custom Tab (Android) or an
ASWebAuthenticationSession (iOS), and waits for the app link that the system hands it when the page returns.
"""

import argparse
import json
import os
import re
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import httpx2

Json: TypeAlias = dict[str, Any]

LANGUAGE = "en"
USER_AGENT = "ExampleShop/1.0 (Linux; Android 16; Pixel 10)"
TIMEOUT_S = 10
ANSWERS = range(200, 300)
_ISOLATES = re.compile("[\u2066-\u2069]")
"""Marks that keep the direction of a name to itself; real screens want them, most terminals show them as boxes."""


@dataclass(frozen=True, slots=True)
class Keystore:
    """Keeps the device token between two starts, for nobody but this user of the machine.

    On a phone this is the Keystore of Android or the Keychain of iOS; docs/native-apps.md says how.
    """

    path: Path

    def read(self) -> str | None:
        """Return the token, None before the first one."""
        try:
            return str(json.loads(self.path.read_text())["device_token"])
        except FileNotFoundError:
            return None

    def write(self, token: str) -> None:
        """Replace the token as a whole: half of one would make this phone a stranger."""
        with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False) as file:  # made with mode 0600
            json.dump({"device_token": token}, file)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self.path)


@dataclass(frozen=True, slots=True)
class BackEnd:
    """The app's own back end, which knows the secret key."""

    http: httpx2.Client
    keystore: Keystore
    session: str = field(repr=False)

    def buy(self, item: str, *, hosted: bool) -> Json:
        """Say what the customer wants, and from which device."""
        return self._post("/orders", {"item": item, "hosted": hosted, "device_token": self.keystore.read()})

    def finish(self, order: str) -> Json:
        """Ask what became of an order: whether it is paid, the back end alone knows."""
        return self._post(f"/orders/{order}/finish", {})

    def _post(self, path: str, body: Json) -> Json:
        response = self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.session}"})
        answer = dict(response.raise_for_status().json())
        if "device_token" in answer:
            self.keystore.write(answer.pop("device_token"))
        return answer


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge, by its token; the sentences come along in the customer's language."""

    http: httpx2.Client
    id: str

    def look(self) -> Json:
        """Return how the challenge stands, with every sentence about it."""
        return self._call("GET", f"?words={LANGUAGE}")

    def send(self, contact_id: str | None = None, channel: str | None = None) -> Json:
        """Have the code sent again, or a new one another way."""
        return self._call("POST", "/deliveries", {"contact_id": contact_id, "channel": channel})

    def attempt(self, text: str) -> Json:
        """Try what was typed, or the whole message that Android handed over: the server finds the code in it."""
        return self._call("POST", "/attempts", {"code": text})

    def cancel(self, reason: str) -> Json:
        """Give up (``abandoned``), or say that it was somebody else (``not_me``)."""
        return self._call("POST", "/cancel", {"reason": reason})

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        # With the same key a repetition after a lost answer costs no second try and sends no second message.
        headers = {} if body is None else {"Idempotency-Key": str(uuid.uuid4())}
        address = f"/v1/challenges/{self.id}{path}"
        try:
            response = self.http.request(method, address, json=body, headers=headers)
        except httpx2.TransportError:
            response = self.http.request(method, address, json=body, headers=headers)
        answer = dict(response.json())
        return answer if response.status_code in ANSWERS else {"refused": answer["code"]}


def code_screen(challenge: Challenge) -> None:
    """Show the challenge and do what the customer says, until it has ended."""
    shown = challenge.look()
    words = shown["words"]
    say(words["brand"], words["what"], words["sent"], words["never_shared"], *words["why"][:1])
    while shown["state"] == "pending":
        ways = {str(number): way for number, way in enumerate(shown["words"]["ways"], start=1)}
        say(*(f"  {number}: {way['label']}" for number, way in ways.items()))
        say(f"  again: {words['again'] or '-'}", f"  no: {words['not_me']}", f"  stop: {words['cancel']}")
        typed = ask(words["label"] or words["sent"])
        if typed == "again":
            tell_sent(words, challenge.send(), "sent_again")
        elif typed in ways:
            tell_sent(words, challenge.send(ways[typed]["contact_id"], ways[typed]["channel"]), "sent_new")
        elif typed in {"no", "stop"}:
            challenge.cancel("not_me" if typed == "no" else "abandoned")
        else:
            tell_tried(words, challenge.attempt(typed))
        shown = challenge.look()
        words = shown["words"]
    end = words["ends"][shown["state"]]
    say(f"{end['title']}. {end['text']}", *([end["next"]] if end["next"] else []))


def tell_tried(words: Json, tried: Json) -> None:
    """Say what an attempt came to."""
    if "refused" in tried:
        say(words["refusals"].get(tried["refused"], words["refusals"]["internal_error"]))
        return
    say(words["outcomes"][tried["outcome"]])
    left = tried["attempts_left"]
    if tried["outcome"] == "incorrect" and left:
        # English has two forms; a real app asks its system for the plural category of the language (CLDR).
        say(words["tries_left"]["one" if left == 1 else "other"].replace("{n}", str(left)))


def tell_sent(words: Json, sent: Json, news: str) -> None:
    """Say whether a message was ordered."""
    say(words["refusals"][sent["refused"]] if "refused" in sent else words["news"][news])


def hosted_page(url: str, order: str) -> None:
    """Leave the code to the hosted page, and wait for the link that leads back."""
    say("Open this address in the browser of the system:", url)
    link = ask("The link that the system handed over:")
    # Any app or page can make such a link. It says where to go on, and nothing about what was approved.
    if parse_qs(urlsplit(link).query).get("state") != [order]:
        raise SystemExit("This link is not for the order that is open here.")


def say(*sentences: str) -> None:
    """Show sentences, one a line."""
    for sentence in sentences:
        print(_ISOLATES.sub("", sentence), flush=True)


def ask(question: str) -> str:
    """Show a question and return what was typed."""
    say(f"{question}:" if not question.endswith((":", ".")) else question)
    return input().strip()


def run(chosen: argparse.Namespace) -> str:
    """Buy one thing and return what became of it."""
    with httpx2.Client(base_url=chosen.back_end, timeout=TIMEOUT_S, headers={"User-Agent": USER_AGENT}) as http:
        signed_in = http.post("/sessions", json={"user": chosen.user, "phone": chosen.phone}).raise_for_status()
        back_end = BackEnd(http, Keystore(chosen.keystore), signed_in.json()["session"])
        answer = back_end.buy(chosen.buy, hosted=chosen.hosted)
        if answer["state"] == "code_needed":
            challenge = answer["challenge"]
            if chosen.hosted:
                hosted_page(challenge["url"], answer["order"])
            else:
                token = {"Authorization": f"Bearer {challenge['token']}"}
                with httpx2.Client(base_url=challenge["api"], timeout=TIMEOUT_S, headers=token) as watchword:
                    code_screen(Challenge(watchword, challenge["id"]))
            answer = back_end.finish(answer["order"])
        return str(answer["state"])


def main() -> None:
    """Read the command line and buy."""
    parser = argparse.ArgumentParser(description="A pretend app in a terminal.")
    parser.add_argument("--back-end", required=True, help="where the app's own back end is")
    parser.add_argument("--user", required=True)
    parser.add_argument("--phone", required=True, help="E.164, such as +14155550123")
    parser.add_argument("--buy", required=True, choices=("camera", "film"))
    parser.add_argument("--hosted", action="store_true", help="leave the code to the hosted page")
    parser.add_argument("--keystore", type=Path, default=Path("keystore.json"))
    say(f"The order is {run(parser.parse_args())}.")


if __name__ == "__main__":
    main()
