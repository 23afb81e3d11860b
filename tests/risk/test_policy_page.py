"""The page about the policy against the code: it lists every signal as it is, and its rules are accepted."""

import re

import pytest

from tests.house.repository import ROOT
from tests.kit.languages import ENGLISH
from tests.risk.samples import policy_of
from watchword.risk.policy import Environment, RuleMode
from watchword.risk.policy.expression import Condition, compile_condition
from watchword.risk.policy.rule_reading import KEYS
from watchword.risk.reasons import PLACEHOLDERS, SentenceKey
from watchword.risk.signals import SignalType, declarations

PAGE = (ROOT / "docs" / "policy.md").read_text()
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [block for block in BLOCKS if block.startswith("[[rule]]")]


def test_every_signal_is_listed_as_it_is() -> None:
    rows = [f"| `{d.name}` | {d.type} | {d.meaning} | {d.left_out or ''} |" for d in declarations()]
    table = PAGE.partition("| signal | type | meaning | left out |\n|---|---|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == rows


def test_every_sentence_of_the_product_is_listed_with_its_english_words() -> None:
    rows = [f"| `@{key}` | {ENGLISH.language.sentence(f'reason.{key}')} |" for key in SentenceKey]
    table = PAGE.partition("| `customer_text` | in English |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == rows


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_rules_on_the_page_are_accepted(environment: Environment, example: str) -> None:
    assert policy_of(example, environment).rules


def test_the_conditions_on_the_page_are_accepted(environment: Environment) -> None:
    names = "|".join(re.escape(d.name) for d in declarations() if d.type is not SignalType.MAP)
    conditions = re.findall(rf"`((?:{names}|details\.\w+)(?:\.| [=>]| in )[^`]*)`", PAGE)
    assert len(conditions) > 7
    assert [text for text in conditions if not isinstance(compile_condition(text, environment), Condition)] == []


def test_every_key_every_mode_and_every_placeholder_is_explained() -> None:
    explained = [*(f"| `{key}` |" for key in KEYS), *(f"`{mode}`" for mode in RuleMode)]
    assert [words for words in explained if words not in PAGE] == []
    assert [name for name in PLACEHOLDERS if f"`{{{name}}}`" not in PAGE] == []
