"""``policy replay`` beside a server that runs: words for people, values for scripts, and nothing about anybody."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Dev
from tests.kit.default_policy import text_of_the_default_policy
from watchword.cli import main
from watchword_client import ActionRequest, BoundFields, Contact, Money

PHONE = "+14155550177"
DENY_RICH = """
[[rule]]
name = "rich"
actions = ["purchase"]
when = "action.amount > 1000.0"
then = "deny"
text = "Too much"

[[rule]]
name = "watched"
actions = ["purchase"]
then = "challenge"
mode = "log-only"
text = "Only watched"
customer_text = "Only watched."
"""


@pytest.fixture(scope="module")
def happened(dev: Dev) -> str:
    """Has a customer buy once, for which he is asked; gives the id of the action."""
    dev.client.users.put("u-replay", [Contact(channel_type="phone", address=PHONE)])
    bound = BoundFields(
        type="purchase",
        user_id="u-replay",
        amount=Money(value="1200.00", currency="USD"),
        details={"gift_card": True},
    )
    decided = dev.client.actions.create(ActionRequest(bound=bound), on_unavailable="raise")
    dev.client.actions.give_feedback(decided.id, "fraud")
    return decided.id


def _policy(folder: Path, more: str = "") -> str:
    path = folder / "new.toml"
    path.write_text(text_of_the_default_policy() + more)
    return str(path)


def _replay(dev: Dev, *arguments: str) -> int:
    return main(["policy", "replay", *arguments, "--data", str(dev.data)])


def _told(dev: Dev, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert _replay(dev, *arguments, "--json") == 0
    shown = capsys.readouterr()
    assert shown.err == ""  # a progress bar is for a terminal
    told: dict[str, Any] = json.loads(shown.out)
    return told


@pytest.mark.usefixtures("happened")
def test_the_policy_that_decided_changes_nothing(dev: Dev, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = _told(dev, capsys, "--policy", _policy(tmp_path), "--since", "1h")
    assert told["actions"] >= 1
    assert told["changes"] == []
    assert told["recorded_versions"] == {told["policy_version"]: told["actions"]}
    assert _replay(dev, "--policy", _policy(tmp_path)) == 0
    assert "Nothing would change." in capsys.readouterr().out


def test_a_changed_policy_is_told_to_a_script(
    dev: Dev, happened: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _told(dev, capsys, "--policy", _policy(tmp_path, DENY_RICH), "--price", "sms=0.05", "--application", "shop")
    (change,) = told["changes"]
    assert (change["type"], change["then"], change["now"], change["actions"]) == ("purchase", "challenge", "deny", 1)
    assert change["turned_out"] == {"legitimate": 0, "fraud": 1, "disputed": 0, "unlabelled": 0}
    assert change["rules"] == {"rich": 1}
    assert change["examples"] == [happened]
    assert told["users"] == {"count": 1, "exact": True}
    assert told["messages"]["removed"] == {"sms": 1}
    assert told["messages"]["cost"] == -0.05
    assert told["log_only"][-1] == "watched"
    purchases = next(one for one in told["types"] if one["type"] == "purchase")
    assert (purchases["challenges_removed"], purchases["denies_added"]) == (1, 1)


def test_a_changed_policy_is_told_to_a_person(
    dev: Dev, happened: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _replay(dev, "--policy", _policy(tmp_path, DENY_RICH), "--since", "1h") == 0
    shown = capsys.readouterr().out
    for words in (
        "purchase: 1 from challenge to deny",
        "1 fraud (100.0 %)",
        "rich (1)",
        happened,
        "Users who would notice: 1.",
        "What they cost is not known without prices",
        "Rule watched is in mode log-only",
    ):
        assert words in shown
    assert PHONE not in shown
    assert "u-replay" not in shown


@pytest.mark.usefixtures("happened")
def test_what_was_before_and_after_the_time_is_left_out(
    dev: Dev, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _told(dev, capsys, "--policy", _policy(tmp_path, DENY_RICH), "--since", "2026-01-01", "--until", "2h")
    assert told["since"] == "2026-01-01T00:00:00Z"
    assert (told["actions"], told["changes"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--since", "yesterday"], "--since yesterday is no time"),
        (["--since", "0d"], "--since 0d is no time"),
        (["--since", "2026-13-01"], "--since 2026-13-01 is no time"),
        (["--since", "2h", "--until", "3h"], "--until is not after --since"),
        (["--since", "2999-01-01"], "--since 2999-01-01 is not before now"),
        (["--price", "fax=1"], "--price fax=1 is no price"),
        (["--price", "sms"], "--price sms is no price"),
        (["--price", "sms=-1"], "--price sms=-1 is no price"),
        (["--price", "sms=nan"], "--price sms=nan is no price"),
    ],
)
def test_what_makes_no_sense_is_not_tried(
    arguments: list[str], problem: str, dev: Dev, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _replay(dev, "--policy", _policy(tmp_path), *arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert problem in shown.err
    assert "hint: " in shown.err


def test_a_policy_that_is_not_right_shows_its_problems(
    dev: Dev, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = DENY_RICH.replace("action.amount", "action.amonut")
    assert _replay(dev, "--policy", _policy(tmp_path, wrong)) == 1
    assert "did you mean 'action.amount'?" in capsys.readouterr().err
    assert _replay(dev, "--policy", str(tmp_path / "none.toml")) == 1
    assert "none.toml: cannot be read" in capsys.readouterr().err
    assert _replay(dev, "--policy", _policy(tmp_path), "--application", "shpo") == 1
    assert "no application shpo is declared" in capsys.readouterr().err
