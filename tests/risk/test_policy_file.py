"""Bad policies: each is refused with its file, its line, its key and a sentence that helps."""

import pytest

from tests.risk.samples import ALWAYS_ASKED
from watchword.domain.errors import ConfigurationError
from watchword.risk.policy import Environment, load_policy

GOOD = """[[rule]]
name = "good"
actions = ["purchase"]
when = "true"
then = "challenge"
text = "text"
customer_text = "customer"
"""


def problems(text: str, environment: Environment) -> tuple[str, ...]:
    """Give what is wrong with a policy; the file is called p.toml."""
    with pytest.raises(ConfigurationError) as refused:
        load_policy(text, source_name="p.toml", action_types=("withdrawal",), environment=environment)
    return refused.value.problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'when = "true"',
            'when = "device.known && && true"',
            "4: rule[0].when (good), column 17: Syntax error: extraneous input '&&'",
        ),
        (
            'when = "true"',
            "when = \"acton.type == 'purchase'\"",
            (
                "4: rule[0].when (good), column 6: there is no signal or function 'acton.type';"
                " did you mean 'action.type'?"
            ),
        ),
        (
            'when = "true"',
            'when = "device.knwon"',
            (
                "4: rule[0].when (good), column 7: there is no signal or function 'device.knwon';"
                " did you mean 'device.known'?"
            ),
        ),
        (
            'when = "true"',
            "when = \"action.amount > '500'\"",
            (
                "4: rule[0].when (good), column 15: '>' does not take (double, string);"
                " a double is compared with a number that has a point, such as 1.0"
            ),
        ),
        (
            'when = "true"',
            'when = "user.failures > 5.5"',
            (
                "4: rule[0].when (good), column 15: '>' does not take (int, double);"
                " a double is compared with a number that has a point, such as 1.0"
            ),
        ),
        (
            'when = "true"',
            'when = "action.type"',
            "4: rule[0].when (good), column 1: a condition is true or false, and this is of type string",
        ),
        (
            'when = "true"',
            'when = "details.gift"',
            (
                "4: rule[0].when (good), column 1: a value of details may be of any type: compare it,"
                " as in details.gift == true"
            ),
        ),
        (
            'when = "true"',
            'when = "device.known and device.trusted"',
            (
                "4: rule[0].when (good), column 14: Syntax error: mismatched input 'and' expecting <EOF>;"
                " and, or, not are written &&, ||, !"
            ),
        ),
        (
            'when = "true"',
            'when = "nonsense(1)"',
            "4: rule[0].when (good), column 9: there is no signal or function 'nonsense'",
        ),
        ('when = "true"', 'when = ""', "4: rule[0].when (good): is empty; leave it out for always"),
        ('when = "true"', "when = true", "4: rule[0].when (good): must be a text in quotes"),
        (
            'when = "true"',
            'when = """\ndevice.known &&\n  acton\n"""',
            "6: rule[0].when (good), column 3: there is no signal or function 'acton'; did you mean 'action.type'?",
        ),
        (
            'when = "true"',
            'when = """device.known &&\n  lame == "own" """',
            "5: rule[0].when (good), column 3: there is no signal or function 'lame'; did you mean 'lane'?",
        ),
        (
            'when = "true"',
            "when = 'action.type.matches(\"[\")'",
            "4: rule[0].when (good): cannot be evaluated: INVALID_ARGUMENT: invalid regular expression: missing ]: [",
        ),
        (
            'when = "true"',
            'when = "device.stolen && 10 / user.failures > 1"',
            "4: rule[0].when (good): cannot be evaluated: INVALID_ARGUMENT: divide by zero",
        ),
        (
            'when = "true"',
            f'when = "{"!" * 2_001}true"',
            "4: rule[0].when (good), column 1: a condition has at most 2,000 characters",
        ),
        (
            'when = "true"',
            'unless = "!device.trustd"',
            (
                "4: rule[0].unless (good), column 8: there is no signal or function 'device.trustd';"
                " did you mean 'device.trusted'?"
            ),
        ),
        ('when = "true"', 'whn = "true"', "4: rule[0].whn (good): a rule has no whn; did you mean when?"),
        ('name = "good"\n', "", "1: rule[0].name: is missing"),
        ('then = "challenge"\n', "", "1: rule[0].then (good): is missing"),
        ('text = "text"\n', "", "1: rule[0].text (good): is missing"),
        (
            'customer_text = "customer"\n',
            "",
            "1: rule[0].customer_text (good): is missing: a customer who is asked is told why",
        ),
        ('"challenge"', '"review"', "5: rule[0].then (good): is one of allow, challenge, deny, not 'review'"),
        ('then = "challenge"', "then = 3", "5: rule[0].then (good): must be a text in quotes"),
        (
            'then = "challenge"',
            'then = "challenge"\nmode = "log_only"',
            "6: rule[0].mode (good): is one of off, log-only, on, not 'log_only'; did you mean log-only?",
        ),
        (
            'then = "challenge"',
            'then = "deny"\nunless = "device.trusted"',
            "6: rule[0].unless (good): is not accepted on a deny rule; put the exception into its when",
        ),
        (
            '"good"',
            '"rule_error"',
            (
                "2: rule[0].name (rule_error): is made of small letters, digits and hyphens, begins with a letter,"
                " at most 64 characters"
            ),
        ),
        (
            '["purchase"]',
            '["purchases"]',
            "3: rule[0].actions (good): 'purchases' is neither built in nor declared; did you mean purchase?",
        ),
        ('["purchase"]', '["purchase", "purchase"]', "3: rule[0].actions (good): names a type twice"),
        (
            '["purchase"]',
            '"purchase"',
            "3: rule[0].actions (good): must be a list of action types; leave it out for every type",
        ),
        (
            '["purchase"]',
            "[]",
            "3: rule[0].actions (good): must be a list of action types; leave it out for every type",
        ),
        ('"text"', '"a\\nb"', "6: rule[0].text (good): is one line of at most 300 characters"),
        ('"text"', f'"{"a" * 301}"', "6: rule[0].text (good): is one line of at most 300 characters"),
        ('"customer"', '" "', "7: rule[0].customer_text (good): is empty"),
        (
            '"customer"',
            '"More than {action.amount.__class__}"',
            (
                "7: rule[0].customer_text (good): there is no placeholder {action.amount.__class__};"
                " there are {threshold}, {sum_threshold}, {count}, {country}, {risk_threshold}"
            ),
        ),
        ('"customer"', '"{"', "7: rule[0].customer_text (good): a brace stands only around a placeholder"),
        (
            '"customer"',
            '"@new_devise"',
            "7: rule[0].customer_text (good): the product has no sentence @new_devise; did you mean @new_device?",
        ),
        (
            '"customer"',
            "3",
            (
                "7: rule[0].customer_text (good): must be a text in quotes,"
                ' or one for each language: { en = "…", de = "…" }'
            ),
        ),
        (
            '"customer"',
            '{ de = "Ein Gutschein." }',
            (
                "7: rule[0].customer_text (good): has no words for customers of other languages:"
                ' add en = "…", or "" = "…" if those are not English'
            ),
        ),
        (
            '"customer"',
            '{ en = "A voucher.", pt_br = "Um vale." }',
            (
                "7: rule[0].customer_text.pt_br (good): is not the tag of a language, such as de, pt-BR or zh-Hans;"
                " did you mean pt-BR?"
            ),
        ),
        (
            '"customer"',
            '{ en = "A voucher.", zh-hans = "x" }',
            (
                "7: rule[0].customer_text.zh-hans (good): is not the tag of a language, such as de, pt-BR or zh-Hans;"
                " did you mean zh-Hans?"
            ),
        ),
        (
            '"customer"',
            '{ en = "A voucher.", "german!\\n" = "x" }',
            (
                '7: rule[0].customer_text."german!\\n" (good):'
                " is not the tag of a language, such as de, pt-BR or zh-Hans"
            ),
        ),
        ('"customer"', '{ "" = " " }', '7: rule[0].customer_text."" (good): is empty'),
        ('"customer"', "{ en = 3 }", "7: rule[0].customer_text.en (good): must be a text in quotes"),
        (
            '"customer"',
            '{ en = "@new_device" }',
            (
                "7: rule[0].customer_text.en (good): a sentence of the product has every language:"
                ' write customer_text = "@new_device" alone'
            ),
        ),
        (
            '"customer"',
            '{ en = "From {where}." }',
            (
                "7: rule[0].customer_text.en (good): there is no placeholder {where};"
                " there are {threshold}, {sum_threshold}, {count}, {country}, {risk_threshold}"
            ),
        ),
        (
            '"customer"',
            '{ en = "a\\u2028b" }',
            "7: rule[0].customer_text.en (good): is one line of at most 300 characters",
        ),
        ('"customer"', '"{{threshold}}"', "7: rule[0].customer_text (good): a brace stands only around a placeholder"),
    ],
)
def test_a_bad_rule_is_refused_at_its_place(environment: Environment, old: str, new: str, problem: str) -> None:
    assert old in GOOD
    assert problems(GOOD.replace(old, new, 1) + ALWAYS_ASKED, environment) == (f"p.toml:{problem}",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: a policy is a list of rules, each under [[rule]]"),
        ('\n[rule]\nname = "a"', "2: a policy is a list of rules, each under [[rule]]"),
        ("rule = [3]", "1: rule[0]: must be a table"),
        ('# "x\nversion = 2\n' + ALWAYS_ASKED, "2: a policy has no version"),
        (ALWAYS_ASKED + "[[rules]]", "15: a policy has no rules; did you mean rule?"),
        (GOOD * 2 + ALWAYS_ASKED, "9: rule[1].name (good): is taken by the rule in line 2"),
        (ALWAYS_ASKED + '\n[[rule]]\nname = "x\n', "17, column 10: not TOML: "),
        (ALWAYS_ASKED + "\nname", "16: not TOML: "),
        ("#" * 500_001, "1: a policy has at most 500,000 characters"),
        (
            ALWAYS_ASKED + "".join(GOOD.replace("good", f"good-{n}") for n in range(199)),
            "1401: a policy has at most 200 rules",
        ),
    ],
    ids=lambda value: value[:40],
)
def test_a_bad_document_is_refused_at_its_place(environment: Environment, text: str, problem: str) -> None:
    (found,) = problems(text, environment)
    assert found.startswith(f"p.toml:{problem}")


def test_every_problem_is_named_in_the_order_of_the_file(environment: Environment) -> None:
    text = GOOD.replace('"good"', '"Good"').replace('"true"', '"nothing || score > 1"').replace('"customer"', '"{x}"')
    found = problems(text + GOOD + GOOD, environment)
    assert [problem.split(":")[1] for problem in found] == ["2", "4", "4", "7", "16"]


@pytest.mark.parametrize("action_type", ["password_reset", "account_update"])
@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ('when = "!device.known"', "has a condition"),
        ('when = "true || device.known"', "has a condition"),
        ('unless = "device.trusted"', "has an exception"),
        ('mode = "off"', "is in mode off"),
        ('mode = "log-only"', "is in mode log-only"),
    ],
)
def test_a_policy_that_lets_pass_what_is_always_asked_is_refused(
    environment: Environment, action_type: str, change: str, lack: str
) -> None:
    line = f'actions = ["{action_type}"]'
    (found,) = problems(ALWAYS_ASKED.replace(line, f"{line}\n{change}"), environment)
    name = action_type.replace("_", "-")
    assert f"would let {action_type} pass without proof, which no policy may. Rule {name} {lack}. Write" in found
    assert f'{line}, then = "challenge" and mode on, without when and unless' in found


def test_a_policy_that_says_nothing_of_what_is_always_asked_is_refused(environment: Environment) -> None:
    found = problems(GOOD, environment)
    assert [problem.partition(" pass ")[0] for problem in found] == [
        "p.toml:1: this policy would let password_reset",
        "p.toml:1: this policy would let account_update",
    ]


def test_a_mild_rule_for_what_is_always_asked_is_refused(environment: Environment) -> None:
    (found,) = problems(ALWAYS_ASKED.replace('"challenge"', '"allow"', 1), environment)
    assert "Rule password-reset allows it." in found


def test_a_condition_that_is_always_true_is_no_condition(environment: Environment) -> None:
    text = ALWAYS_ASKED.replace('then = "challenge"', 'then = "challenge"\nwhen = " true "')
    load_policy(text, source_name="p.toml", environment=environment)


def test_a_rule_that_is_off_is_checked_as_well(environment: Environment) -> None:
    text = GOOD.replace('"true"', '"device.knwon"\nmode = "off"')
    assert len(problems(text + ALWAYS_ASKED, environment)) == 1


LOOKS_LIKE_A_RULE_IN_A_LITERAL = """[[rule]]
name = "decoy"
then = "allow"
when = '''
"'" != "[[rule]]" ||
[[1]] == [[2]] // "
[[rule]]
'''
text = "t"
"""
LOOKS_LIKE_A_RULE_IN_A_TEXT = """[[ rule ]] # [[rule]]
name = 'decoy'
then = "allow"
"text" = "#"
when=\"""
// \\" when = 1
[[rule]]\\

 true
\"""
"""


@pytest.mark.parametrize("before", ["# [[rule]]\n", LOOKS_LIKE_A_RULE_IN_A_LITERAL, LOOKS_LIKE_A_RULE_IN_A_TEXT])
def test_text_that_looks_like_a_header_moves_no_line(environment: Environment, before: str) -> None:
    wrong = GOOD.replace('"true"', '"knwon"')
    found = problems(before + wrong + ALWAYS_ASKED, environment)
    assert found[-1].startswith(f"p.toml:{before.count(chr(10)) + 4}: rule[")
