"""``policy check`` and ``policy explain``: problems at their lines, and rules down to the parts of their conditions."""

import json
from pathlib import Path

import pytest

from watchword.cli import main

GOOD = """\
[[rule]]
name = "always"
then = "challenge"
text = "Everything is proven"
customer_text = "We always ask."

[[rule]]
name = "many-items"
actions = ["purchase"]
when = "details.items > 10 && !device.known"
then = "deny"
text = "Too much at once"
"""
BAD = """\
[[rule]]
name = "always"
then = "chalenge"
text = "Everything is proven"
customer_text = "We always ask."

[[rule]]
name = "cheap"
actions = ["purchase"]
when = "action.amonut < 10.0"
then = "allow"
text = "Cheap"
"""


def _policy(folder: Path, text: str) -> str:
    path = folder / "policy.toml"
    path.write_text(text)
    return str(path)


def test_the_policy_of_the_product_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check"]) == 0
    assert "is right" in capsys.readouterr().out


def test_a_right_policy_is_told_with_its_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", _policy(tmp_path, GOOD), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert [(rule["name"], rule["then"], rule["mode"]) for rule in told["rules"]] == [
        ("always", "challenge", "on"),
        ("many-items", "deny", "on"),
    ]


def test_the_sentence_for_the_customer_is_told_as_the_policy_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_language = '{ en = "We ask.", de = "Wir fragen." }'
    path = _policy(tmp_path, GOOD.replace('"We always ask."', by_language))
    assert main(["policy", "check", path, "--json"]) == 0
    assert [rule["customer_text"] for rule in json.loads(capsys.readouterr().out)["rules"]] == [
        {"en": "We ask.", "de": "Wir fragen."},
        None,
    ]
    assert main(["policy", "explain", "action.type=sign_in", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reasons"][0]["customer_text"] == "@new_device"


def test_a_person_reads_the_customers_sentence_below_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _policy(tmp_path, GOOD.replace('"We always ask."', '{ "" = "On demande.", de = "Wir fragen." }'))
    assert main(["policy", "explain", "--policy", path, "action.type=sign_in"]) == 0
    shown = capsys.readouterr().out
    assert "reason    always: Everything is proven\ncustomer  others: On demande.\ncustomer  de: Wir fragen." in shown


def test_every_problem_has_its_own_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _policy(tmp_path, BAD)
    assert main(["policy", "check", path]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    places = [line.split(": ")[1] for line in shown.err.splitlines()]
    assert places == [f"{path}:3", f"{path}:10"]


def test_problems_come_as_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", _policy(tmp_path, BAD), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert len(told["problems"]) == 2


def test_a_policy_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(tmp_path / "none.toml")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/none.toml: cannot be read")


def test_an_application_lends_its_types_and_its_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _policy(tmp_path, GOOD.replace('"purchase"', '"payout"'))
    (tmp_path / "watchword.toml").write_text(
        '[applications.bank]\nname = "Bank"\nmode = "test"\naction_types = ["payout"]\npolicy = "policy.toml"\n'
        '[applications.bank.senders]\nemail = "inbox"\n'
    )
    assert main(["policy", "check", str(tmp_path / "policy.toml")]) == 1
    assert "payout" in capsys.readouterr().err
    assert main(["policy", "check", "--application", "bank", "--data", str(tmp_path)]) == 0
    assert "2 rules" in capsys.readouterr().out
    assert main(["policy", "check", "--application", "bunk", "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: no application bunk is declared",
        "hint: there are: bank",
    ]


def test_what_is_left_out_counts_as_new(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "action.type=sign_in", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["decision"] == "challenge"
    assert "new-device" in [reason["rule"] for reason in told["reasons"]]


def test_a_sign_in_at_home_passes(capsys: pytest.CaptureFixture[str]) -> None:
    facts = ["action.type=sign_in", "device.state=known", "place.known=true", "user.registered=true", "lane=own"]
    assert main(["policy", "explain", *facts, "score=0.1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"] == "allow"


@pytest.mark.parametrize(("facts", "score"), [([], 1.0), (["score=0.25"], 0.25), (["score=1"], 1.0)])
def test_a_score_is_a_fact_like_others_and_the_highest_where_it_is_left_out(
    capsys: pytest.CaptureFixture[str], facts: list[str], score: float
) -> None:
    assert main(["policy", "explain", "action.type=sign_in", *facts, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["score"] == score
    assert ("suspicious" in [reason["rule"] for reason in told["reasons"]]) is (score == 1.0)


@pytest.mark.parametrize("score", ["1.1", "-0.1", "true", "high", "NaN"])
def test_a_score_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str], score: str) -> None:
    assert main(["policy", "explain", "action.type=sign_in", f"score={score}"]) == 2
    assert "score is" in capsys.readouterr().err


def test_each_part_of_a_condition_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _policy(tmp_path, GOOD)
    facts = ["action.type=purchase", "details.items=11", "device.known=true"]
    assert main(["policy", "explain", "--policy", path, *facts, "--json"]) == 0
    rule = json.loads(capsys.readouterr().out)["rules"][1]
    assert (rule["name"], rule["verdict"], rule["when"]["holds"]) == ("many-items", "missed", False)
    assert [part["holds"] for part in rule["when"]["operands"]] == [True, False]


def test_a_person_reads_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _policy(tmp_path, GOOD)
    assert main(["policy", "explain", "--policy", path, "action.type=purchase", "details.items=11"]) == 0
    told = capsys.readouterr().out
    assert "decision  deny" in told
    assert "many-items → deny" in told
    assert "true  details.items > 10" in told
