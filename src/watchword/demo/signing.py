"""Becoming a customer, signing in and out, and the visitor who is made up with one click."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.asking import ask
from watchword.demo.buying.postal import PostalAddress
from watchword.demo.customers import (
    Address,
    Customer,
    find_customer,
    find_customer_by_email,
    forget_customer,
    new_customer_id,
    register_customer,
    set_addresses,
    set_password_hash,
    with_contact_ids,
)
from watchword.demo.forms import read_email, read_form, read_phone
from watchword.demo.going_ahead import THEN, as_contact
from watchword.demo.intentions import Kind, new_intention
from watchword.demo.ledger import now
from watchword.demo.made_up import (
    email_of_nobody,
    memorable_password,
    phone_of_nobody,
    postal_address_of_nobody,
)
from watchword.demo.passwords import weakness
from watchword.demo.playing.desks import settle_in
from watchword.demo.playing.welcoming import by_way_of_the_phone
from watchword.demo.shop import shop_of
from watchword.demo.speaking import is_spoken, preferred_language, spoken_languages
from watchword.demo.templating import render
from watchword.demo.visits import end_visit, visit_of
from watchword_client import BoundFields, Contact, Unprocessable, User


def signing_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/register", show_registration, methods=["GET"]),
        Route("/register", register, methods=["POST"]),
        Route("/sign-in", show_sign_in, methods=["GET"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        Route("/visitors", make_visitor, methods=["POST"]),
    ]


async def show_registration(request: Request) -> Response:
    """Show the form for new customers."""
    return _registration(
        request,
        problems={},
        form={"language": preferred_language(request), "then": request.query_params.get("then", "")},
    )


async def register(request: Request) -> Response:
    """Take a new customer, and sign him in the way everybody signs in: a first device is a new one."""
    form = await read_form(request)
    email, phone = read_email(form.get("email", "")), read_phone(form.get("phone", ""))
    password, language = form.get("password", ""), form.get("language", "")
    problems = _contact_problems(form.get("phone", ""), email, phone)
    weak = await weakness(request, password, [email or "", phone or ""])
    if weak is not None:
        problems["password"] = weak
    if problems or email is None:
        return _registration(request, problems=problems, form=form)
    addresses = [Address(channel_type="email", address=email)]
    if phone is not None:
        addresses.append(Address(channel_type="phone", address=phone))
    customer = await _new_customer(
        request,
        addresses,
        password,
        [as_contact(address) for address in addresses],
        language=language if is_spoken(language) else preferred_language(request),
    )
    if customer is None:
        problems = {"email": "There is an account with this address, or Watchword did not take it. Try to sign in."}
        return _registration(request, problems=problems, form=form)
    return await begin_sign_in(request, customer, then=form.get("then", ""))


async def show_sign_in(request: Request) -> Response:
    """Show the form for customers."""
    return render(request, "sign_in.html", problem=None, email="", then=_then(request.query_params))


async def sign_in(request: Request) -> Response:
    """Check the password, and ask Watchword whether that is enough from here."""
    form = await read_form(request)
    email = read_email(form.get("email", ""))
    shop = shop_of(request)
    customer = None if email is None else find_customer_by_email(shop.ledger, email)
    kept_hash, password = (None if customer is None else customer.password_hash), form.get("password", "")
    if not await shop.passwords.verify(kept_hash, password) or customer is None:
        problem = "E-mail and password do not belong together."
        return render(
            request, "sign_in.html", status=422, problem=problem, email=form.get("email", ""), then=_then(form)
        )
    if shop.passwords.needs_rehash(customer.password_hash):
        set_password_hash(shop.ledger, customer.id, await shop.passwords.hash(password))
    return await begin_sign_in(request, customer, then=form.get("then", ""))


async def sign_out(request: Request) -> Response:
    """Sign out; the device stays known."""
    await read_form(request)
    end_visit(request)
    return RedirectResponse("/?said=signed_out", status_code=303)


async def make_visitor(request: Request) -> Response:
    """Make up a customer whose e-mail and phone count as confirmed, and sign him in."""
    form = await read_form(request)
    if visit_of(request).customer_id is not None:
        end_visit(request)
    addresses = [
        Address(channel_type="email", address=email_of_nobody(), confirmed=True),
        Address(channel_type="phone", address=read_phone(form.get("phone", "")) or phone_of_nobody(), confirmed=True),
    ]
    contacts = [
        Contact(channel_type=address.channel_type, address=address.address, confirmed_at=now()) for address in addresses
    ]
    password = memorable_password()
    customer = await _new_customer(
        request,
        addresses,
        password,
        contacts,
        language=preferred_language(request),
        postal_address=postal_address_of_nobody(),
    )
    if customer is None:
        return RedirectResponse("/register", status_code=303)
    shop_of(request).fresh_passwords[customer.id] = password
    answer = await begin_sign_in(request, customer, then=form.get("then", ""))
    return by_way_of_the_phone(request, answer) if form.get("welcome") == "yes" else answer


async def begin_sign_in(request: Request, customer: Customer, *, then: str = "") -> Response:
    """Ask whether somebody who knows the password may come in from here; ``then`` names where he goes on."""
    intention = new_intention(
        visit_id=visit_of(request).id,
        customer_id=customer.id,
        kind=Kind.SIGN_IN,
        bound=BoundFields(type="sign_in", user_id=customer.id),
        wish={"then": then if then in THEN else ""},
    )
    return await ask(request, intention)


async def _new_customer(
    request: Request,
    addresses: list[Address],
    password: str,
    contacts: list[Contact],
    *,
    language: str,
    postal_address: PostalAddress | None = None,
) -> Customer | None:
    """Keep a customer here and with Watchword, or neither."""
    shop = shop_of(request)
    customer = Customer(
        id=new_customer_id(),
        email=addresses[0].address,
        password_hash=await shop.passwords.hash(password),
        postal_address=postal_address,
        language=language,
        addresses=tuple(addresses),
    )
    if not register_customer(shop.ledger, customer):
        return None
    user = await _register_with_watchword(request, customer, contacts)
    if user is None:
        return None
    set_addresses(shop.ledger, customer.id, customer.email, with_contact_ids(addresses, user))
    settle_in(request, customer.id)
    return find_customer(shop.ledger, customer.id)


async def _register_with_watchword(request: Request, customer: Customer, contacts: list[Contact]) -> User | None:
    shop, taken = shop_of(request), False
    try:
        user = await shop.watchword.users.put(customer.id, contacts, locale=customer.language)
        taken = True
    except Unprocessable:
        return None
    finally:
        if not taken:
            forget_customer(shop.ledger, customer.id)
    return user


def _contact_problems(typed_phone: str, email: str | None, phone: str | None) -> dict[str, str]:
    problems = {}
    if email is None:
        problems["email"] = "This is not an e-mail address."
    if typed_phone.strip() and phone is None:
        problems["phone"] = "This is not a phone number. Write it with its country, such as +1 202 555 0123."
    return problems


def _registration(request: Request, *, problems: dict[str, str], form: Mapping[str, str]) -> Response:
    return render(
        request,
        "register.html",
        status=422 if problems else 200,
        problems=problems,
        email=form.get("email", ""),
        phone=form.get("phone", ""),
        language=form.get("language", ""),
        languages=spoken_languages(),
        then=_then(form),
    )


def _then(said: Mapping[str, str]) -> str:
    then = said.get("then", "")
    return then if then in THEN else ""
