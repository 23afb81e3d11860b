"""What ``dev`` and ``demo`` say when they are ready: the addresses, and what to do next."""

from collections.abc import Sequence

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from watchword.bootstrap.running import Ready


def greet_visitor(ready: Ready) -> None:
    """Show where the demo store is, and what can be seen in it."""
    _show_addresses("The demo store is open", [("Store", ready.store or ""), ("Inbox", ready.inbox), *_behind(ready)])
    _say(
        "Open the store and press “New visitor”: you get an account, a phone beside the shop, and a guided tour.",
        "Then be a thief, a phisher or a hurried customer: the store says how, under “Pretend to be…”.",
        "Ctrl-C stops it; another start goes on where this one ends.",
    )


def greet_developer(ready: Ready) -> None:
    """Show where the API is, and a first call with the real key."""
    _show_addresses("Watchword is ready", [("API", ready.api), ("Inbox", ready.inbox), *_behind(ready)[1:]])
    _say("Register somebody, and say that they sign in:")
    _show_commands(_first_calls(ready))
    _say("The code is in the inbox. Everything that can be called is described at", f"  {ready.api}/openapi.json")
    _say("See the whole way, step by step:")
    _show_commands([f"watchword tour --api {ready.api} --key {ready.secret_key.reveal()} --inbox {ready.inbox}"])
    _say("Ctrl-C stops it; another start goes on where this one ends.")


def _behind(ready: Ready) -> list[tuple[str, str]]:
    return [("API", ready.api), ("Key", ready.secret_key.reveal()), ("Data", str(ready.data))]


def _first_calls(ready: Ready) -> list[str]:
    headers = f"-H 'Authorization: Bearer {ready.secret_key.reveal()}' -H 'Content-Type: application/json'"
    contacts = '{"contacts": [{"channel_type": "email", "address": "ada@example.com"}]}'
    sign_in = '{"type": "sign_in", "user_id": "ada"}'
    return [
        f"curl -X PUT {ready.api}/v1/users/ada \\\n  {headers} \\\n  -d '{contacts}'",
        f"curl {ready.api}/v1/actions \\\n  {headers} \\\n  -d '{sign_in}'",
    ]


def _show_addresses(title: str, addresses: Sequence[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, address in addresses:
        table.add_row(name, Text(address))
    Console(highlight=False).print(Panel(table, title=title, title_align="left", border_style="green", expand=False))


def _show_commands(commands: Sequence[str]) -> None:
    # Never wrapped, so that they can be copied.
    console = Console(highlight=False, soft_wrap=True)
    for command in commands:
        console.print(Text(f"\n{command}", style="cyan"))
    console.print()


def _say(*lines: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text(line))
