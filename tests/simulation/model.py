"""The reference: what may come of a guess, told as simply as it can be told, to be compared with the real thing.

It knows nothing of stores and transactions. Challenges, codes and contacts become known to it by events, the end of a
challenge by its own rules.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from tests.flow.replay import Replay
from watchword.domain.action import CONTACT_CONFIRMATION
from watchword.domain.event import Event, EventType
from watchword.domain.ids import UserKey
from watchword.domain.instant import DAY_MS, Instant, later
from watchword.domain.limits import Limits

WORDS: Final = {"approved": "already_approved"}
"""What a guess is answered after an end whose name is not the answer."""


@dataclass(kw_only=True)
class Expected:
    """A challenge as the model sees it."""

    id: str
    user_key: UserKey
    type: str
    lane: str
    code_length: int
    created_at: Instant
    expires_at: Instant
    tries_left: int
    state: str = "pending"
    contacts: dict[int, str] = field(default_factory=dict)
    """The contact that each generation went to."""
    codes: dict[int, str] = field(default_factory=dict)
    """The code of each generation, as far as a message has told it."""


@dataclass(kw_only=True)
class Model:
    """What is expected of all challenges of a shop."""

    limits: Limits
    replay: Replay
    challenges: dict[str, Expected] = field(default_factory=dict)
    began: dict[UserKey, Instant] = field(default_factory=dict)
    """When the first contacts of a user were registered; forgotten thirty days after his erasure."""
    proven: dict[UserKey, Instant] = field(default_factory=dict)
    """When a grant of a user was last redeemed."""
    erased: dict[UserKey, Instant] = field(default_factory=dict)
    failures: dict[UserKey, list[tuple[Instant, str]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, event: Event) -> None:
        """Learn what was opened, and where its codes went."""
        data: dict[str, Any] = dict(event.data)
        if event.type is EventType.CHALLENGE_CREATED:
            self._open(event, data)
        elif event.type is EventType.GRANT_REDEEMED:
            self.proven[event.user_key] = event.at
        elif event.type is EventType.USER_ERASED:
            self.erased[event.user_key] = event.at
        elif event.type is EventType.CONTACT_CHANGED and data["change"] == "added":
            self._add(event, data)
        elif event.type is EventType.DELIVERY_QUEUED and data.get("generation") is not None:
            self.challenges[data["challenge_id"]].contacts[data["generation"]] = data["contact_id"]

    def _add(self, event: Event, data: dict[str, Any]) -> None:
        """Only the first list counts at once; later contacts wait unless a proof brought them."""
        key, erased = event.user_key, self.erased.get(event.user_key)
        if erased is not None and event.at >= erased + 30 * DAY_MS:
            del self.erased[key], self.began[key]
        is_first = self.began.setdefault(key, event.at) == event.at and key not in self.erased
        waits = data["usable_from"] == later(event.at, seconds=self.limits.contact_wait_s)
        is_proven = self.proven.get(key) == event.at
        assert waits or is_first or is_proven, "a contact counts before its time"

    def _open(self, event: Event, data: dict[str, Any]) -> None:
        self.settle(event.at)
        lane, most = data["lane"], self.limits.pending_own_lane
        if lane == "open":
            most = self.limits.pending_open_lane
        pending = [one for one in self.pending(event.user_key) if one.lane == lane]
        if len(pending) >= most:
            next((one for one in pending if one.type == data["type"]), pending[0]).state = "cancelled"
        self.challenges[data["challenge_id"]] = Expected(
            id=data["challenge_id"],
            user_key=event.user_key,
            type=data["type"],
            lane=lane,
            code_length=data["code_length"],
            created_at=event.at,
            expires_at=data["expires_at"],
            tries_left=data["tries_allowed"],
        )

    def pending(self, user_key: UserKey) -> list[Expected]:
        """Give a user's challenges that have not ended, oldest first."""
        return [one for one in self.challenges.values() if one.user_key == user_key and one.state == "pending"]

    def settle(self, now: Instant) -> None:
        """Let expire what is due."""
        for one in self.challenges.values():
            if one.state == "pending" and one.expires_at <= now:
                one.state = "expired"

    def end_all(self, user_key: UserKey) -> None:
        """End every pending challenge of a user, after a reset, a change of contacts, a dispute or an erasure."""
        for one in self.pending(user_key):
            one.state = "cancelled"

    def recent_failures(self, user_key: UserKey, now: Instant) -> list[str]:
        """Give the lanes of a user's wrong guesses within the window."""
        since = now - self.limits.failure_window_days * DAY_MS
        return [lane for at, lane in self.failures[user_key] if at > since]

    def is_spent(self, challenge: Expected, now: Instant) -> bool:
        """Whether the lane of a challenge has no guesses left (I3)."""
        recent = self.recent_failures(challenge.user_key, now)
        in_open_lane = recent.count("open")
        is_open_spent = challenge.lane == "open" and in_open_lane >= self.limits.open_lane_failures
        return is_open_spent or len(recent) >= self.limits.failures_per_user

    def guess(self, challenge: Expected, text: str, now: Instant, *, conceal: bool) -> set[str]:
        """Take a guess in, and give the answers that are right for it."""
        self.settle(now)
        if challenge.state != "pending":
            return {WORDS.get(challenge.state, challenge.state)}
        if not challenge.contacts and not conceal:
            return {"code_not_sent"}
        if len(text) != challenge.code_length or not text.isdigit():
            return {"malformed"}
        is_spent = self.is_spent(challenge, now)
        if is_spent and not conceal:
            return {"budget_exhausted"}
        challenge.tries_left -= 1
        answers = {"incorrect"} if is_spent else self._compare(challenge, text, now)
        if challenge.state == "pending" and challenge.tries_left == 0:
            challenge.state = "exhausted"
        return answers

    def _compare(self, challenge: Expected, text: str, now: Instant) -> set[str]:
        live = max(challenge.contacts, default=0)
        counts = live == 0 or self.may_carry(challenge, challenge.contacts[live], now)
        if live and counts and challenge.codes.get(live) == text:
            challenge.state = "approved"
            if challenge.type == "password_reset":
                self.end_all(challenge.user_key)
            return {"approved"}
        self.failures[challenge.user_key].append((now, challenge.lane))
        # A code whose contact has gone may be forgotten altogether: then an older code and a wrong one are alike.
        return {"incorrect"} if counts and text not in challenge.codes.values() else {"incorrect", "superseded"}

    def may_carry(self, challenge: Expected, contact_id: str, now: Instant) -> bool:
        """Whether a contact counts for this challenge now: registered before it began, and still there (I7)."""
        contact = self.replay.contacts.get(contact_id)
        if contact is None or contact.disabled or (contact.leaves_at is not None and contact.leaves_at <= now):
            return False
        return contact.usable_from <= challenge.created_at or challenge.type == CONTACT_CONFIRMATION
