"""Measures ``policy replay`` on a real file: a million recorded actions, with one process and with two.

Run it with ``python bench/replay.py``; ``--actions`` makes it smaller, ``--folder`` keeps the file for another run. The
actions are invented, everything about them is not: signals are rated and assessed by the product, sealed and written by
its own code, challenges with their sends and endings too. Writing a million takes some minutes and 5 GB.
"""

import argparse
import os
import random
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, track

from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.action_rows import label
from watchword.adapters.rows.challenge_endings import end
from watchword.adapters.rows.challenge_openings import open_challenge
from watchword.adapters.rows.challenge_rows import count_send, find_challenge_row
from watchword.adapters.rows.record_rows import record_decision
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.adapters.sqlite.schema import migrate, open_writer
from watchword.adapters.sqlite.sqlite_statements import SqliteStatements
from watchword.adapters.system import SystemEntropy
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.policies import check_policy_text
from watchword.bootstrap.replaying import present, replay_policy
from watchword.config.declared_applications import read_default_policy
from watchword.config.first_files import write_default
from watchword.config.loading import load_settings
from watchword.config.settings import PolicySource, Settings, Situation
from watchword.domain.action import Action, Assessment, Decision, Label
from watchword.domain.budget import Lane
from watchword.domain.challenge import ChallengeState, Option, Route
from watchword.domain.contact import Channel
from watchword.domain.ids import ActionId, ChallengeId, ContactId, Reference, UserId, UserKey, make_id
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.money import Money
from watchword.domain.user import UserRef
from watchword.ports.store.values import Decided, FirstSend, Opening
from watchword.risk.policy import Policy
from watchword.risk.population import Population
from watchword.risk.score import Evidence, rate
from watchword.risk.signals import Signals

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"
DAYS = 30
USERS = 100_000
GROUP = 2_000
BYTES_EACH = 8_000
"""Room that is asked for before anything is written."""
CHANGED = """
[[rule]]
name = "small-hours"
actions = ["purchase"]
when = "time.hour < 5 && action.amount >= 150.0 && !network.address_known"
then = "challenge"
text = "A purchase at night from an address that is not known"
customer_text = "We ask at night."
"""
DETAILS = """
[[rule]]
name = "gift-card"
actions = ["purchase"]
when = "has(details.gift_card) && details.gift_card == true && action.amount >= 100.0"
then = "challenge"
text = "A gift card of 100 or more"
customer_text = "Gift cards of this size are confirmed with a code."
"""


class Writer:
    """Writes invented actions as if they had happened over the last days."""

    def __init__(self, settings: Settings, keys: KeySet, policy: Policy, seed: int) -> None:
        self._application_id = settings.applications[0].application.id
        self._limits = settings.applications[0].application.limits
        self._connection = open_writer(str(settings.store_path))
        self._connection.pragma("synchronous", "off")  # a bench that loses its file begins anew
        self._connection.pragma("foreign_keys", value=False)  # the users themselves are not written
        self._keys = keys
        self._policy = policy
        self._random = random.Random(seed)
        self._entropy = SystemEntropy()
        self._population = Population()
        self._start = Instant(present() - DAYS * DAY_MS)

    def write(self, count: int) -> None:
        """Write this many actions, spread evenly over the days."""
        step_ms = DAYS * DAY_MS / count
        for first in track(range(0, count, GROUP), description="writing"):
            self._connection.execute("BEGIN IMMEDIATE")
            for number in range(first, min(first + GROUP, count)):
                self._write(Instant(self._start + int(number * step_ms)))
            self._connection.execute("COMMIT")
        self._connection.pragma("wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def _write(self, now: Instant) -> None:
        transaction = Transaction(SqliteStatements(self._connection), now, self._entropy, self._keys)
        signals = self._signals(now)
        action = self._action(signals, now)
        assessment = self._policy.assess(signals, rate(signals, Evidence(now=now, population=self._population)))
        if assessment.decision is Decision.CHALLENGE:
            self._challenge(transaction, action, assessment, signals)
        else:
            decided = Decided(
                action=action,
                assessment=assessment,
                country=signals.place_country,
                device_id=None,
                lane=Lane(signals.lane),
                grant=None,
                retry_at=None,
            )
            record_decision(transaction, decided, None)
        if self._chance(0.02):
            ref = UserRef(application_id=action.application_id, key=action.user_key)
            label(transaction, ref, action.id, Label.FRAUD if self._chance(0.1) else Label.LEGITIMATE)

    def _challenge(self, transaction: Transaction, action: Action, assessment: Assessment, signals: Signals) -> None:
        challenge_id = ChallengeId(make_id("chl", action.user_key, self._entropy.token(16)))
        contact_id = ContactId(make_id("ctc", action.user_key, self._entropy.token(16)))
        channel = Channel.SMS if self._chance(0.6) else Channel.EMAIL
        option = Option(id=contact_id, contact_id=contact_id, kind=channel.kind, channels=(channel,), masked="••• 417")
        route = Route(option_id=contact_id, contact_id=contact_id, channel=channel, masked=option.masked)
        opening = Opening(
            challenge_id=challenge_id,
            action=action,
            assessment=assessment,
            country=signals.place_country,
            network=None,
            device_id=None,
            lane=Lane(signals.lane),
            decoy=False,
            reference=Reference("7KQ2M9XA"),
            code_length=6,
            lifetime_s=600,
            bound_digest="0" * 64,
            options=(option,),
            first_send=FirstSend(route=route, live=None),
            resend_at=None,
            high_value=assessment.high_value,
            trust_allowed=False,
            reasons=(),
            confirms=None,
            others_count_from=None,
            limits=self._limits,
        )
        open_challenge(transaction, opening, None)
        if self._chance(0.25):
            count_send(transaction, self._row(transaction, challenge_id), route, transaction.now)
        state = ChallengeState.APPROVED if self._chance(0.85) else ChallengeState.EXPIRED
        end(transaction, self._row(transaction, challenge_id), state, "bench")

    def _row(self, transaction: Transaction, challenge_id: ChallengeId) -> Row:
        row = find_challenge_row(transaction, challenge_id)
        if row is None:
            raise SystemExit("a challenge that was just opened is not there")
        return row

    def _action(self, signals: Signals, now: Instant) -> Action:
        user = self._random.randrange(USERS)
        user_key = UserKey(blake2b(user.to_bytes(8, "big"), digest_size=8).digest())
        return Action(
            id=ActionId(make_id("act", user_key, self._entropy.token(16))),
            application_id=self._application_id,
            user_id=UserId(f"u-{user}"),
            user_key=user_key,
            type=signals.action_type,
            ip=f"192.0.2.{user % 250}",
            user_agent=AGENT,
            amount=_dollars(signals),
            payee="Example Shop" if signals.action_has_amount else None,
            details=signals.details,
            created_at=now,
        )

    def _signals(self, now: Instant) -> Signals:
        draw, chance = self._random, self._chance
        action_type = draw.choices(("sign_in", "purchase", "account_update", "password_reset"), (60, 37, 2, 1))[0]
        is_purchase, known = action_type == "purchase", chance(0.93)
        amount = round(draw.lognormvariate(3.5, 1.0), 2)
        high = is_purchase and amount > 500
        return Signals(
            action_type=action_type,
            action_has_amount=is_purchase,
            action_amount=amount if is_purchase else 1e18,
            action_currency="USD" if is_purchase else "",
            action_has_threshold=is_purchase,
            action_threshold="500.00 USD" if is_purchase else "",
            action_high_amount=not is_purchase or high,
            purchase_count=draw.randrange(4),
            purchase_sum=amount * 1.5,
            purchase_sum_threshold="1000.00 USD" if is_purchase else "",
            purchase_high_value=not is_purchase or high,
            purchase_amount_ratio=round(amount / 33, 4),
            payee_known=chance(0.7),
            device_state="known" if known else "new",
            device_known=known,
            device_age_hours=round(draw.expovariate(1 / 2000), 3),
            place_country=draw.choice(("NO", "SE", "DE", "US")),
            place_known=chance(0.97),
            network_asn=draw.randrange(60_000),
            network_known=chance(0.9),
            network_address_known=chance(0.7),
            network_hosting=chance(0.01),
            network_vpn=chance(0.02),
            network_tor=chance(0.001),
            network_listed=False,
            agent_type="desktop" if chance(0.5) else "mobile",
            agent_os="Windows",
            agent_browser="Chrome",
            agent_type_known=chance(0.97),
            agent_os_known=chance(0.96),
            agent_browser_known=chance(0.95),
            agent_version_known=chance(0.8),
            agent_automated=chance(0.002),
            travel_speed=round(draw.expovariate(1 / 20), 3),
            travel_impossible=chance(0.002),
            time_hour=now // 3_600_000 % 24,
            time_unusual=chance(0.1),
            user_registered=True,
            user_history=draw.randrange(60),
            user_age_hours=round(draw.expovariate(1 / 9000), 3),
            user_idle_hours=round(draw.expovariate(1 / 90), 3),
            user_changed_hours=round(draw.expovariate(1 / 5000), 3),
            contact_age_hours=round(draw.expovariate(1 / 7000), 3),
            contact_disposable=chance(0.01),
            contact_stale=chance(0.02),
            contact_phone_type="mobile",
            velocity_user=round(draw.expovariate(3), 3),
            velocity_address=round(draw.expovariate(1), 3),
            velocity_network=round(draw.expovariate(0.01), 3),
            velocity_contact=round(draw.expovariate(3), 3),
            velocity_users_at_address=round(draw.expovariate(2), 3),
            velocity_unproven_at_address=round(draw.expovariate(5), 3),
            account_field="password" if action_type == "account_update" else "",
            lane="own" if known else "open",
            details={"gift_card": chance(0.05), "items": draw.randrange(1, 9)} if is_purchase else {},
        )

    def _chance(self, share: float) -> bool:
        return self._random.random() < share


def _dollars(signals: Signals) -> Money | None:
    return Money(value=Decimal(str(signals.action_amount)), currency="USD") if signals.action_has_amount else None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One replay."""

    what: str
    processes: int
    actions: int
    wall_s: float
    cpu_s: float
    peak_mb: int
    """Of the largest process so far."""
    changed: int


def measure(settings: Settings, what: str, text: str, processes: int, *, cold: bool) -> Measured:
    """Replay a policy once and say what it took."""
    if cold:
        forget(settings.store_path)
    before, start = cpu_s(), time.perf_counter()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{what}, {processes}")
        replayed = replay_policy(
            settings,
            settings.applications[0],
            PolicySource(name=what, text=text),
            since=Instant(0),
            until=None,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
            processes=processes,
        )
    wall_s = time.perf_counter() - start
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Measured(
        what=what + (", file not in memory" if cold else ""),
        processes=processes,
        actions=replayed.tally.judged,
        wall_s=wall_s,
        cpu_s=cpu_s() - before,
        peak_mb=max(peaks) // 1024,
        changed=sum(changes.count for changes in replayed.tally.changes.values()),
    )


def cpu_s() -> float:
    """Return the processor time of this process and of those that it waited for."""
    return sum(os.times()[:4])


def forget(path: Path) -> None:
    """Let the system drop what it keeps of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def prepare(folder: Path, actions: int) -> Settings:
    """Return the settings of a store with this many actions, written now unless the folder has one."""
    path = folder / "watchword.toml"
    write_default(path)
    page_base = {"server.page_base": "http://127.0.0.1:8000"}
    settings = load_settings(path, situation=Situation.DEV, environ={}, overrides=page_base)
    if settings.store_path.exists():
        return settings
    if shutil.disk_usage(folder).free < actions * BYTES_EACH:
        raise SystemExit(f"{folder}: {actions:,} actions need {actions * BYTES_EACH / 1e9:.0f} GB")
    migrate(str(settings.store_path))
    policy = check_policy_text(read_default_policy(), source_name="default")
    Writer(settings, open_keys(settings.keys, create=True), policy, seed=1).write(actions)
    return settings


def main() -> None:
    """Write the actions, replay three policies over them, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the file here, and use the one that is here")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    chosen = parser.parse_args()
    default = read_default_policy()
    with tempfile.TemporaryDirectory() as passing:
        folder = chosen.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        settings = prepare(folder, chosen.actions)
        found = [
            measure(settings, what, text, processes, cold=cold)
            for processes in chosen.processes
            for what, text, cold in (
                ("the policy that decided", default, True),
                ("the policy that decided", default, False),
                ("a rule more over signals", default + CHANGED, False),
                ("a rule more over details", default + CHANGED + DETAILS, False),
            )
        ]
        size = settings.store_path.stat().st_size
    print(f"{found[0].actions:,} actions in {size / 1e9:.1f} GB")
    print(f"{'policy':<46} {'processes':>9} {'wall':>8} {'CPU':>8} {'each':>9} {'memory':>8} {'changes':>9}")
    for one in found:
        print(
            f"{one.what:<46} {one.processes:>9} {one.wall_s:>6.1f} s {one.cpu_s:>6.1f} s"
            f" {one.cpu_s / one.actions * 1e6:>6.1f} µs {one.peak_mb:>5} MB {one.changed:>9,}"
        )


if __name__ == "__main__":
    main()
