"""The commands for somebody who answers for what customers read: what messages say, and what they cost."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Annotated, Final

import typer

from watchword.bootstrap.message_trying import TextMessage, Trial, Wish
from watchword.bootstrap.trial_sending import send_trial
from watchword.cli.failing import CommandFailed, CommandMisused
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import (
    ApplicationOption,
    ConfigOption,
    DataOption,
    JsonOption,
    find_application,
    read_settings,
)
from watchword.cli.teaching import TENDING, Example, teach
from watchword.domain import gsm
from watchword.domain.action import ACCOUNT_UPDATE, PURCHASE, SIGN_IN, AccountField
from watchword.domain.contact import Channel, read_address
from watchword.domain.message import NoticeKind, RenderedMessage
from watchword.domain.money import Money, read_money
from watchword.wording.languages import TAGS, read_languages

ChannelOption = Annotated[Channel, typer.Option("--channel", help="How it is sent.")]
LocaleOption = Annotated[
    str | None,
    typer.Option(
        "--locale", metavar="TAG", help="Its language.  [dim]default: that of the application[/]", show_default=False
    ),
]
FactsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FACT...", help="What is approved: type=, amount='1299.00 USD', payee=, field=.", show_default=False
    ),
]
NoticeOption = Annotated[
    NoticeKind | None,
    typer.Option("--notice", help="A notice of this kind instead of a code.", show_default=False),
]
ToOption = Annotated[
    str, typer.Option("--to", metavar="ADDRESS", help="An address of yours: a number with its country, or a mailbox.")
]
PartPriceOption = Annotated[
    str | None,
    typer.Option(
        "--price", metavar="AMOUNT", help="What one part of a text message costs, such as 0.05.", show_default=False
    ),
]
_FACTS: Final = frozenset({"type", "amount", "payee", "field"})
_PRICED_AT_MOST: Final = Decimal(1_000)


def add_messages(command_line: typer.Typer) -> None:
    """Add ``messages preview``, ``lint`` and ``send-test``."""
    messages = typer.Typer(
        name="messages",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "See what customers read, in every language, and what the text messages cost.",
            Example(command="watchword messages preview --application shop --locale de", what="one message"),
            Example(command="watchword messages lint --application shop --price 0.05", what="all text messages"),
        ),
    )
    messages.command(
        "preview",
        help=teach(
            "Show a message as a customer gets it, with a made-up code.",
            Example(
                command="watchword messages preview --application shop amount='1299.00 USD' payee=ACME",
                what="a purchase, by text message",
            ),
            Example(
                command="watchword messages preview --application shop --channel email --notice confirmation",
                what="what follows once it went ahead",
            ),
            Example(
                command="watchword messages preview --application shop --channel voice --locale fr --json",
                what="a call, for a script",
            ),
            remarks=["Nothing is sent, and no code is made."],
        ),
    )(preview)
    messages.command(
        "lint",
        help=teach(
            "Word every text message in every language, and say what it takes and what is wrong with it.",
            Example(command="watchword messages lint --application shop", what="after a change of name or host"),
            Example(command="watchword messages lint --application shop --price 0.05", what="with what they cost"),
            Example(command="watchword messages lint --application shop --json", what="for a pipeline"),
            remarks=[
                "Names are taken as long as they are shown, so a real message takes as many parts or fewer.",
                "It fails where a message cannot be worded, or takes more parts than it should.",
            ],
        ),
    )(lint)
    messages.command(
        "send-test",
        help=teach(
            "Send a message with a made-up code to an address of yours, by every sender of its route.",
            Example(
                command="watchword messages send-test --application shop --channel email --to ann@shop.example",
                what="is the mail server set up?",
            ),
            Example(
                command="watchword messages send-test --application shop --channel sms --to +14155550123 --locale de",
                what="are the gateways?",
            ),
            remarks=[
                "It costs what such a message costs, and belongs to no challenge: its code opens nothing.",
                "A call cannot be tried like this: its code is read out of a challenge once a key was pressed.",
            ],
        ),
    )(send_test)
    command_line.add_typer(messages)


def preview(
    application: ApplicationOption,
    facts: FactsArgument = None,
    channel: ChannelOption = Channel.SMS,
    locale: LocaleOption = None,
    notice: NoticeOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one message."""
    _check_locale(locale)
    wish = replace(_read_wish(facts or []), channel=channel, locale=locale, notice=notice)
    settings = read_settings(config, data)
    trial = Trial(find_application(settings, application).application, settings.server.page_base)
    try:
        message = trial.word(wish)
    except ValueError as error:
        raise CommandFailed(f"there is no such message: {error}") from None
    if as_json:
        print_json(_described(message, channel))
        return
    for line in _shown(message, channel):
        print_line(line)


def lint(
    application: ApplicationOption,
    price: PartPriceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at every text message."""
    each = None if price is None else _read_price(price)
    settings = read_settings(config, data)
    declared = find_application(settings, application).application
    found = tuple(Trial(declared, settings.server.page_base).text_messages())
    problems = [f"{one.language}, {one.what}: {one.problem}" for one in found if one.problem is not None]
    if as_json:
        print_json([_linted(one) for one in found])
    else:
        _show_costs(found, each)
        for remark in _remarks(declared.name):
            print_line(remark)
    if problems:
        raise CommandFailed(*problems)


def send_test(
    application: ApplicationOption,
    to: ToOption,
    channel: ChannelOption,
    locale: LocaleOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send one message."""
    _check_locale(locale)
    if channel is Channel.VOICE:
        raise CommandMisused("a call cannot be tried alone", hint="start a challenge in a test application instead")
    address = read_address(channel.kind, to)
    if address is None:
        raise CommandMisused("--to is no address for this channel", hint="+14155550123, or ann@shop.example")
    settings = read_settings(config, data)
    declared = find_application(settings, application).application
    tried = send_trial(settings, declared, Wish(channel=channel, locale=locale, action_type=SIGN_IN), address)
    if as_json:
        print_json([{"sender": one.sender, "taken": one.taken, "said": one.said} for one in tried])
    else:
        for one in tried:
            print_line(f"{one.sender}: {'taken' if one.taken else 'not taken'} ({one.said})")
    if not tried:
        raise CommandFailed(f"{application} has no sender for {channel}", hint="see [applications.*.senders]")
    if not all(one.taken for one in tried):
        raise CommandFailed("not every sender took the message")


def _check_locale(locale: str | None) -> None:
    """Refuse a language that we do not speak; a customer's would be answered in the application's, or in English."""
    if locale is not None and not read_languages().speaks(locale):
        raise CommandMisused(f"--locale {locale} is no language that messages are worded in", hint=", ".join(TAGS))


def _show_costs(found: Sequence[TextMessage], price: Decimal | None) -> None:
    rows = []
    for tag, of_language in groupby(found, key=lambda one: one.language):
        messages = list(of_language)
        codes, notices = ([one for one in messages if one.is_code is wanted] for wanted in (True, False))
        letters = "GSM-7" if all(one.is_cheap for one in messages) else "UCS-2"
        most = max(one.parts for one in codes)
        row = [tag, letters, _span(codes), _span(notices)]
        rows.append(row if price is None else [*row, f"{price * most:f}"])
    columns = ["language", "alphabet", "parts of a code", "parts of a notice"]
    print_table(columns if price is None else [*columns, "a code costs at most"], rows)
    print_line(f"{len(found)} messages in {len(TAGS)} languages, with names as long as they are shown.")


def _span(messages: Sequence[TextMessage]) -> str:
    least, most = min(one.parts for one in messages), max(one.parts for one in messages)
    return str(most) if least == most else f"{least} to {most}"


def _remarks(brand: str) -> Iterator[str]:
    foreign = sorted({character for character in gsm.fold(brand) if not gsm.is_gsm(character)})
    if foreign:
        yield (
            f"The name {brand} has letters that the cheap alphabet has not ({' '.join(foreign)}): text messages in"
            " Latin letters leave it out, and name the host instead."
        )


def _shown(message: RenderedMessage, channel: Channel) -> Iterator[str]:
    if message.subject is not None:
        yield f"Subject: {message.subject}"
        yield ""
    if message.prompt is not None:
        yield message.prompt
        yield "(once a key was pressed:)"
    yield message.text
    if message.variables is not None:
        yield ""
        yield from (f"{{{{{place}}}}} = {value}" for place, value in message.variables.items())
    if channel is Channel.SMS:
        yield ""
        yield f"({_alphabet(message.text)}, {len(message.text)} characters, parts: {gsm.parts(message.text)})"


def _described(message: RenderedMessage, channel: Channel) -> dict[str, object]:
    described: dict[str, object] = {
        "channel": channel,
        "subject": message.subject,
        "prompt": message.prompt,
        "text": message.text,
        "html": message.html,
        "variables": message.variables,
    }
    if channel is Channel.SMS:
        described |= {"alphabet": _alphabet(message.text), "parts": gsm.parts(message.text)}
    return described


def _linted(one: TextMessage) -> dict[str, object]:
    return {
        "language": one.language,
        "message": one.what,
        "alphabet": _alphabet(one.text),
        "parts": one.parts,
        "text": one.text,
        "problem": one.problem,
    }


def _alphabet(text: str) -> str:
    return "GSM-7" if gsm.is_gsm(text) else "UCS-2"


def _read_wish(facts: Sequence[str]) -> Wish:
    """Return the message that is wanted; ``CommandMisused`` for a fact that says nothing."""
    told = dict(fact.split("=", 1) for fact in facts if "=" in fact)
    if len(told) != len(facts) or told.keys() - _FACTS:
        raise CommandMisused(
            f"{' '.join(facts)} does not say what is approved", hint="type=purchase amount='1299.00 USD' payee=ACME"
        )
    action_type = told.get("type", PURCHASE)
    return Wish(
        action_type=action_type,
        amount=_read_amount(told["amount"]) if "amount" in told else None,
        payee=told.get("payee"),
        details={"field": _read_field(told.get("field", AccountField.EMAIL))} if action_type == ACCOUNT_UPDATE else {},
    )


def _read_amount(text: str) -> Money:
    value, _, currency = text.partition(" ")
    amount = read_money(value, currency)
    if isinstance(amount, str):
        raise CommandMisused(f"amount={text}: {amount}", hint="amount='1299.00 USD'")
    return amount


def _read_field(text: str) -> str:
    if text not in set(AccountField):
        raise CommandMisused(f"field={text} is no part of an account", hint=f"there are: {', '.join(AccountField)}")
    return text


def _read_price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price <= _PRICED_AT_MOST:
        raise CommandMisused(f"--price {text} is no price", hint="--price 0.05, in the currency that you pay in")
    return price
