"""What happens when an intention may go ahead: its grant is redeemed first, and only then is anything done."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from watchword.demo.buying.basket import Parcel, parcels, take_out
from watchword.demo.buying.orders import Order, keep_order, order_lines, order_number
from watchword.demo.buying.postal import choose_delivery, postal_address_from
from watchword.demo.customers import (
    Address,
    Customer,
    find_customer,
    set_addresses,
    set_password_hash,
    set_postal_address,
    with_contact_ids,
)
from watchword.demo.endings import show_lost
from watchword.demo.intentions import Intention, Kind, Step, finish
from watchword.demo.ledger import Ledger, now_s
from watchword.demo.shop import shop_of
from watchword.demo.visits import begin_signed_in_visit, end_other_visits
from watchword_client import Contact, Money, Redemption

THEN: Final = {"": "/account", "checkout": "/checkout"}
"""Where somebody who has signed in goes on, by what the form said that he came from; nowhere else."""


async def go_ahead(request: Request, intention: Intention, grant: str) -> Response:
    """Carry an intention out with its grant."""
    return await _ways()[intention.kind](request, intention, grant)


async def redeem(request: Request, intention: Intention, grant: str) -> Redemption:
    """Redeem a grant for exactly what was asked; raises where it cannot be, and then nothing may go ahead."""
    return await shop_of(request).watchword.grants.redeem(
        grant,
        intention.bound,
        session_id=intention.visit_id,
        # A repetition after a lost answer, or after a crash of the store, gets the same answer.
        idempotency_key=f"redeem-{intention.state}",
    )


def _ways() -> Mapping[Kind, Callable[[Request, Intention, str], Awaitable[Response]]]:
    return {
        Kind.SIGN_IN: _sign_in,
        Kind.RESET: _choose_password,
        Kind.PASSWORD: _change_password,
        Kind.POSTAL_ADDRESS: _change_postal_address,
        Kind.CONTACT: _change_contact,
        Kind.PURCHASE: _buy,
        Kind.CONFIRMATION: _nothing_to_carry_out,
    }


async def _sign_in(request: Request, intention: Intention, grant: str) -> Response:
    await redeem(request, intention, grant)
    customer = _customer(request, intention)
    if customer is None or not finish(shop_of(request).ledger, intention, Step.DONE):
        return show_lost(request)
    begin_signed_in_visit(request, customer.id)
    then = intention.wish.get("then", "")
    return RedirectResponse(f"{THEN.get(then, THEN[''])}?said=signed_in", status_code=303)


async def _choose_password(request: Request, intention: Intention, grant: str) -> Response:
    # The reset goes ahead when the new password is set; until then the grant stays unredeemed with Watchword.
    del request, grant
    return RedirectResponse(f"/reset/password?state={intention.state}", status_code=303)


async def _change_password(request: Request, intention: Intention, grant: str) -> Response:
    await redeem(request, intention, grant)
    shop, customer = shop_of(request), _customer(request, intention)
    if customer is None or not finish(shop.ledger, intention, Step.DONE):
        return show_lost(request)
    set_password_hash(shop.ledger, customer.id, intention.wish["password_hash"])
    shop.fresh_passwords.pop(customer.id, None)
    end_other_visits(request, customer.id)
    return RedirectResponse("/account?said=password_changed", status_code=303)


async def _change_postal_address(request: Request, intention: Intention, grant: str) -> Response:
    await redeem(request, intention, grant)
    ledger, customer = shop_of(request).ledger, _customer(request, intention)
    if customer is None or not finish(ledger, intention, Step.DONE):
        return show_lost(request)
    set_postal_address(ledger, customer.id, intention.wish["postal_address"])
    return RedirectResponse("/account?said=address_changed", status_code=303)


async def _change_contact(request: Request, intention: Intention, grant: str) -> Response:
    shop, customer = shop_of(request), _customer(request, intention)
    if customer is None:
        return show_lost(request)
    changed = _changed_addresses(customer, intention.wish)
    # Watchword redeems the grant itself, in one step with the change.
    user = await shop.watchword.users.put(
        customer.id,
        [as_contact(address) for address in changed],
        grant=grant,
        idempotency_key=f"put-{intention.state}",
    )
    if not finish(shop.ledger, intention, Step.DONE):
        return show_lost(request)
    set_addresses(shop.ledger, customer.id, _sign_in_email(customer, intention.wish), with_contact_ids(changed, user))
    return RedirectResponse("/account?said=contact_changed", status_code=303)


async def _buy(request: Request, intention: Intention, grant: str) -> Response:
    redemption = await redeem(request, intention, grant)
    ledger, amount = shop_of(request).ledger, intention.bound.amount
    if intention.customer_id is None or amount is None:
        return show_lost(request)
    order = _order(ledger, intention, amount, redemption)
    with ledger.transaction():
        if finish(ledger, intention, Step.DONE):
            keep_order(ledger, intention.customer_id, order)
            take_out(ledger, intention.visit_id, _bought(intention).lines)
            choose_delivery(ledger, intention.visit_id, None)
    return RedirectResponse(f"/orders/{order.id}?said=ordered", status_code=303)


def _order(ledger: Ledger, intention: Intention, amount: Money, redemption: Redemption) -> Order:
    return Order(
        id=order_number(ledger, intention.state),
        lines=order_lines(_bought(intention)),
        amount=Decimal(amount.value),
        currency=amount.currency,
        assurance=redemption.assurance,
        reference=intention.reference,
        delivered_to=postal_address_from(intention.wish["delivered_to"]),
        placed_at_s=now_s(),
    )


def _bought(intention: Intention) -> Parcel:
    pieces = (wished.partition("=") for wished in intention.wish["pieces"].split(","))
    (parcel,) = parcels({product_id: int(count) for product_id, _, count in pieces})
    return parcel


async def _nothing_to_carry_out(request: Request, intention: Intention, grant: str) -> Response:
    # A confirmation gives no grant; one that came with it is left alone.
    del intention, grant
    return show_lost(request)


def as_contact(address: Address) -> Contact:
    """Return an address as it is registered with Watchword."""
    return Contact(channel_type=address.channel_type, address=address.address)


def _customer(request: Request, intention: Intention) -> Customer | None:
    if intention.customer_id is None:
        return None
    return find_customer(shop_of(request).ledger, intention.customer_id)


def _changed_addresses(customer: Customer, wish: Mapping[str, str]) -> tuple[Address, ...]:
    old_contact, new_address = wish.get("old_contact"), wish.get("new_address")
    kept = tuple(address for address in customer.addresses if address.contact_id != old_contact)
    if new_address is None:
        return kept
    return (*kept, Address(channel_type=wish["channel_type"], address=new_address))


def _sign_in_email(customer: Customer, wish: Mapping[str, str]) -> str:
    old = customer.address_of(wish.get("old_contact", ""))
    if old is not None and old.channel_type == "email" and old.address == customer.email:
        return wish.get("new_address", customer.email)
    return customer.email
