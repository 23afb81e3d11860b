"""``policy budget``: how many legitimate actions the score may have challenged, and where its threshold stands."""

import typer

from watchword.bootstrap.challenge_budgets import read_budgets
from watchword.cli.policy.policy_choice import OnlyOption, choose_application
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, read_settings
from watchword.cli.teaching import Example, teach
from watchword.risk.challenge_budget import HIGHEST_THRESHOLD, LOWEST_THRESHOLD, BudgetState


def add_budget(policy: typer.Typer) -> None:
    """Add ``policy budget``."""
    policy.command(
        "budget",
        help=teach(
            "Show where the threshold of the score stands for each action type, and what share of legitimate actions"
            " it reached.",
            Example(command="watchword policy budget --application shop", what="as a table"),
            Example(command="watchword policy budget --application shop --json", what="one type on each line"),
            remarks=[
                "challenge_budget in watchword.toml asks for a share; where it asks for none, the threshold is 0.7.",
                "What other rules challenge is not counted here; `watchword policy replay` counts it.",
            ],
        ),
    )(budget)


def budget(
    application: OnlyOption = None, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Show where the budgets stand."""
    settings = read_settings(config, data)
    states = read_budgets(settings, choose_application(settings, application))
    if as_json:
        for state in states:
            print_json(_described(state))
        return
    rows = [
        (
            state.action_type,
            _percent(state.asked_percent),
            f"{state.threshold:g}",
            _percent(state.reached_percent),
            f"{state.actions:,.1f}",
            _remark(state),
        )
        for state in states
    ]
    print_table(("type", "asked for", "threshold", "reached", "of actions", ""), rows)
    print_line("Actions are legitimate ones, a user's once a day; what is 60 days old counts half.", style="dim")


def _remark(state: BudgetState) -> str:
    if state.asked_percent is None:
        return "nothing asked for"
    if state.actions < state.actions_needed:
        return f"follows from {state.actions_needed:,.0f} actions on"
    if state.threshold == LOWEST_THRESHOLD:
        return "at its lower bound: fewer are suspicious than may be challenged"
    if state.threshold == HIGHEST_THRESHOLD:
        return "at its upper bound: above it, every action is challenged"
    return "follows the traffic"


def _percent(percent: float | None) -> str:
    return "" if percent is None else f"{percent:.2f} %"


def _described(state: BudgetState) -> dict[str, object]:
    return {
        "type": state.action_type,
        "asked_percent": state.asked_percent,
        "threshold": state.threshold,
        "reached_percent": None if state.reached_percent is None else round(state.reached_percent, 4),
        "actions": round(state.actions, 2),
        "actions_needed": state.actions_needed,
    }
