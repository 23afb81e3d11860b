"""``policy explain act_…``: an account of what was recorded that can be read aloud, and names nobody's address."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.cli.conftest import Dev
from tests.kit.default_policy import default_policy, environment, text_of_the_default_policy
from tests.risk.samples import NOW, an_action, an_application, ordinary, usd
from watchword.bootstrap.decided_actions import DecidedAction, look_again
from watchword.cli import main
from watchword.cli.policy.action_account import account_of
from watchword.config.settings import DeclaredApplication, PolicySource
from watchword.domain.action import Action, Decision, Detail, Label, Reason, RiskTerm
from watchword.domain.budget import Lane
from watchword.domain.challenge import Challenge, ChallengeState, Route
from watchword.domain.contact import Channel
from watchword.domain.grant import Assurance, Grant, GrantState
from watchword.domain.ids import ChallengeId, ContactId, GrantId, Reference
from watchword.domain.instant import later
from watchword.domain.message import DeliveryStatus
from watchword.ports.store.values import ActionRecord
from watchword.risk.policy import load_policy
from watchword.risk.score import Rating
from watchword.risk.signals import Signals
from watchword_client import ActionRequest, BoundFields, Circumstances, Contact

OWNER = DeclaredApplication(
    application=an_application(), senders={}, policy=PolicySource(name="p", text=text_of_the_default_policy())
)
TERMS = (
    RiskTerm(signal="baseline", nats=-3.0, text="Where every action starts"),
    RiskTerm(signal="network.known", nats=0.4, text="First sign of this user in network AS64500"),
    RiskTerm(signal="place.known", nats=3.1, text="First sign of this user in RO; 3 of 1,000 actions come from there"),
    RiskTerm(signal="device.state", nats=-1.7, text="The device is known"),
    RiskTerm(signal="familiar.most", nats=4.2, text="All that is familiar together counts 6 at most"),
)


def recorded(signals: Signals, action: Action | None = None, **changes: Any) -> ActionRecord:
    """Give the record of an action that the default policy decided about."""
    what = action or replace(an_action(signals.action_type), ip="203.0.113.7")
    assessment = default_policy().assess(signals, Rating(score=0.32, terms=TERMS))
    plain = ActionRecord(
        action=what,
        assessment=assessment,
        decision=assessment.decision,
        challenge=None,
        grant=None,
        device=None,
        label=None,
        disputed_at=None,
        retry_at=None,
    )
    return replace(plain, **changes)


def told(record: ActionRecord, policy_text: str | None = None) -> str:
    """Give the account as one text."""
    return "\n".join(line for section in account_of(looked_at(record, policy_text)) for line in section.lines)


def looked_at(record: ActionRecord, policy_text: str | None = None) -> DecidedAction:
    text = policy_text or text_of_the_default_policy()
    policy = load_policy(text, source_name="today.toml", environment=environment())
    return look_again(OWNER, record, policy)


def a_challenge(**changes: Any) -> Challenge:
    plain = Challenge(
        id=ChallengeId("chl_1"),
        action=an_action("sign_in"),
        state=ChallengeState.PENDING,
        end_reason=None,
        lane=Lane.OPEN,
        decoy=False,
        reference=Reference("7K2M9QXD"),
        code_length=6,
        generations=(),
        bound_digest="d",
        options=(),
        route=Route(option_id=ContactId("ctc_1"), contact_id=None, channel=Channel.SMS, masked="•••• 23"),
        delivery_status=DeliveryStatus.DELIVERED,
        delivery_updated_at=NOW,
        sends=1,
        tries_spent=0,
        tries_allowed=5,
        high_value=False,
        trust_allowed=True,
        reasons=(),
        confirms=None,
        device_id=None,
        browser=None,
        created_at=NOW,
        expires_at=later(NOW, seconds=600),
        ended_at=None,
        resend_at=NOW,
        others_count_from=None,
    )
    return replace(plain, **changes)


ABROAD = ordinary(
    "sign_in",
    place_country="RO",
    place_known=False,
    network_hosting=True,
    agent_browser="Chrome",
    agent_os="Windows",
    agent_type="desktop",
)


def test_it_says_who_wanted_what_when_and_from_where() -> None:
    account = told(recorded(ABROAD))
    assert (
        "On January 15, 2027, 08:00 UTC, somebody using the account of customer u-1 at Shop wanted to sign in."
        in account
    )
    assert (
        "It came from Romania (RO), which was new for this customer, through a data centre, where people do not usually"
        " sit." in account
    )
    assert "The device was known to us: Chrome on Windows, desktop." in account


def test_countries_are_named_as_they_are_spoken() -> None:
    spoken = {code: told(recorded(replace(ABROAD, place_country=code))) for code in ("US", "GB", "NL", "DE")}
    assert "It came from the United States (US), " in spoken["US"]
    assert "It came from the United Kingdom (GB), " in spoken["GB"]
    assert "It came from the Netherlands (NL), " in spoken["NL"]
    assert "It came from Germany (DE), " in spoken["DE"]


@pytest.mark.parametrize(
    ("action", "wish"),
    [
        (an_action("purchase", usd("1299.00")), "buy something for 1,299.00 USD."),
        (replace(an_action("purchase", usd("20.00")), payee="ACME"), "buy something for 20.00 USD from ACME."),
        (an_action("account_update"), "change the password of the account."),
        (an_action("password_reset"), "reset the password."),
        (an_action("withdrawal"), "do what the application calls withdrawal."),
        (an_action("contact_confirmation"), "confirm a contact."),
    ],
)
def test_every_wish_has_its_words(action: Action, wish: str) -> None:
    account = told(recorded(ordinary(action.type), action))
    assert f"wanted to {wish}" in account
    assert "The application did not say from which address." in account


def test_the_decision_has_its_rules_in_sentences_and_those_on_trial() -> None:
    account = told(recorded(replace(ABROAD, travel_impossible=True)))
    version = default_policy().version
    assert f"Watchword asked for a code, by version {version} of the policy, because:" in account
    assert "- Nothing of this user was seen from this country before: RO (new-place)." in account
    assert "The rule impossible-travel matched too; it is only on trial and counted for nothing." in account


def test_the_terms_of_the_score_are_told_from_the_heaviest_to_the_lightest_and_in_words() -> None:
    account = told(recorded(ABROAD)).splitlines()
    lines = [line for line in account if "likely that it was the customer" in line]
    place = "First sign of this user in RO; 3 of 1,000 actions come from there"
    assert lines == [
        f"- {place}. This makes it far less likely that it was the customer.",
        "- The device is known. This makes it much more likely that it was the customer.",
        "- First sign of this user in network AS64500. This makes it slightly less likely that it was the customer.",
    ]
    after = account[account.index(lines[-1]) + 1]
    assert after.startswith("- All that is familiar together counts 6 at most, so what speaks for the customer was not")


@pytest.mark.parametrize(
    ("challenge", "sentence"),
    [
        (
            a_challenge(),
            "A code was sent once, last by text message to •••• 23; the message has the reference 7K2M 9QXD.",
        ),
        (a_challenge(), "The last message was delivered."),
        (a_challenge(), "It waits for the code until January 15, 2027, 08:10 UTC."),
        (a_challenge(sends=3, tries_spent=1), "A code was sent 3 times"),
        (a_challenge(tries_spent=1), "1 code was typed, of 5 that may be."),
        (a_challenge(tries_spent=2), "2 codes were typed, of 5 that may be."),
        (a_challenge(route=None), "No code was sent yet."),
        (a_challenge(decoy=True), "Nothing was sent: nobody could be reached."),
        (a_challenge(state=ChallengeState.APPROVED, ended_at=NOW), "so the action was proven."),
        (a_challenge(state=ChallengeState.EXHAUSTED, ended_at=NOW), "The last try was used up"),
        (a_challenge(state=ChallengeState.EXPIRED), "Its time was up on January 15, 2027, 08:10 UTC"),
        (a_challenge(state=ChallengeState.CANCELLED, end_reason="replaced"), "It was cancelled (replaced)."),
        (a_challenge(state=ChallengeState.DENIED, ended_at=NOW), 'Somebody said "this wasn\'t me" on January 15'),
    ],
)
def test_it_says_what_became_of_the_challenge(challenge: Challenge, sentence: str) -> None:
    assert sentence in told(recorded(ABROAD, challenge=challenge))


@pytest.mark.parametrize("state", DeliveryStatus)
def test_every_state_of_a_message_has_its_words(state: DeliveryStatus) -> None:
    assert "The last message " in told(recorded(ABROAD, challenge=a_challenge(delivery_status=state)))


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (GrantState.ISSUED, "has not been used."),
        (GrantState.REDEEMED, "The application let the action go ahead on January 15, 2027, 08:00 UTC."),
        (GrantState.REVOKED, "The permission was taken back before the action went ahead."),
    ],
)
def test_it_says_whether_the_action_went_ahead(state: GrantState, sentence: str) -> None:
    grant = Grant(
        id=GrantId("grt_1"),
        application_id=OWNER.application.id,
        user_id=an_action("sign_in").user_id,
        action_id=an_action("sign_in").id,
        action_type="sign_in",
        challenge_id=None,
        bound_digest="d",
        assurance=Assurance.NONE,
        methods=(),
        issued_at=NOW,
        expires_at=NOW,
        state=state,
        redeemed_at=NOW if state is GrantState.REDEEMED else None,
    )
    assert sentence in told(recorded(ordinary("sign_in"), grant=grant))


def test_it_says_what_was_said_of_it_afterwards() -> None:
    account = told(recorded(ABROAD, label=Label.FRAUD, disputed_at=NOW))
    assert 'On January 15, 2027, 08:00 UTC the owner of the account said "this wasn\'t me".' in account
    assert "The application says that it was fraud." in account


def test_the_policy_of_today_may_say_the_same_or_something_else() -> None:
    assert "would ask for a code, as then and for the same reasons." in told(recorded(ABROAD))
    without = re.sub(r'\[\[rule]]\nname = "new-place".*?\n\n', "", text_of_the_default_policy(), flags=re.DOTALL)
    account = told(recorded(ABROAD), without)
    assert "would let it pass instead:\n- Nothing asks for a proof (ordinary)." in account
    renamed = text_of_the_default_policy().replace('"new-place"', '"another-place"')
    assert "would ask for a code, as then, but by other rules:" in told(recorded(ABROAD), renamed)


def test_a_refusal_by_a_limit_is_not_blamed_on_the_policy() -> None:
    record = recorded(ABROAD)
    limit = Reason(rule="user_locked", text="Too many wrong codes")
    assessment = replace(record.assessment, decision=Decision.DENY, reasons=(limit, *record.assessment.reasons))
    refused = replace(record, assessment=assessment, decision=Decision.DENY, retry_at=NOW)
    account = told(refused)
    assert "Watchword refused it" in account
    assert "It could be tried again from January 15, 2027, 08:00 UTC." in account
    assert "would ask for a code, as then and for the same reasons." in account


def test_a_concealed_action_is_asked_whatever_the_policy_says() -> None:
    record = recorded(ordinary("sign_in"), replace(an_action("sign_in"), conceal=True), decision=Decision.CHALLENGE)
    assert "would ask for a code, as then and for the same reasons." in told(record)
    assert "named none of this" in told(record)


def test_what_was_not_recorded_yet_is_taken_at_its_riskiest() -> None:
    record = recorded(ordinary("sign_in"))
    few = {name: value for name, value in record.assessment.signals.items() if not name.startswith("network.")}
    older = replace(record, assessment=replace(record.assessment, signals=few))
    assert looked_at(record).left_out == 0
    assert looked_at(older).left_out > 0
    assert "facts were not recorded then" in told(older)
    assert "a network of which nothing was recorded" in told(older)


def test_it_holds_no_address_no_details_and_no_session() -> None:
    details: dict[str, Detail] = {"note": "leave it with Eve", "items": 3}
    action = replace(an_action("purchase", usd("20.00"), details), ip="203.0.113.7", session_id="s-secret")
    everything = told(recorded(ordinary(), action))
    assert [secret for secret in ("203.0.113.7", "Eve", "s-secret") if secret in everything] == []


def test_a_real_action_is_told_and_found_without_naming_its_application(
    dev: Dev, capsys: pytest.CaptureFixture[str]
) -> None:
    dev.client.users.put("u-told", [Contact(channel_type="phone", address="+14155550188")])
    where = Circumstances(ip="203.0.113.7", user_agent="Mozilla/5.0 (X11; Linux x64; rv:144.0) Gecko Firefox/144.0")
    request = ActionRequest(bound=BoundFields(type="sign_in", user_id="u-told"), circumstances=where)
    action = dev.client.actions.create(request, on_unavailable="raise")
    assert action.challenge is not None
    assert main(["policy", "explain", action.id, "--data", str(dev.data)]) == 0
    shown = capsys.readouterr().out
    assert "customer u-told at" in shown
    assert "This user has not proven this device or browser (new-device)." in shown
    assert f"{action.challenge.reference[:4]} {action.challenge.reference[4:]}" in shown
    assert "+14155550188" not in shown
    assert "203.0.113.7" not in shown
    assert main(["policy", "explain", action.id, "--application", "shop", "--data", str(dev.data), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["id"], facts["decision"], facts["today"]["same"]) == (action.id, "challenge", True)
    assert facts["account"][0]["title"] == "What was asked"


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["act_nothing"], 1, "act_nothing: is not the id of an action"),
        (["act_v1dfs9z380zrr0b8z70knwfp59hd43rzm611p2g"], 1, "shop has no such action, or its user was erased"),
        (["act_nothing", "--policy", "p.toml"], 2, "a recorded action is looked at by the policy that decides"),
    ],
)
def test_an_action_that_is_not_there_is_an_error(
    dev: Dev, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, problem: str
) -> None:
    assert main(["policy", "explain", *arguments, "--data", str(dev.data)]) == code
    assert problem in capsys.readouterr().err


def test_budgets_are_shown_for_every_type_that_the_score_may_challenge(
    dev: Dev, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "budget", "--data", str(dev.data), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["type"], one["asked_percent"], one["threshold"]) for one in told] == [
        ("sign_in", None, 0.7),
        ("purchase", None, 0.7),
    ]
    assert main(["policy", "budget", "--data", str(dev.data)]) == 0
    assert "nothing asked for" in capsys.readouterr().out
