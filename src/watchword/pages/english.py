"""Every English sentence that a customer reads on the pages, by its key; knows no markup and no rule.

``{name}`` stands for a value, which is escaped where it is put in. A key that ends in ``.one`` or ``.other`` is a form
for a number. Plain words, what to do in the first sentence, no blame, and nobody is called a user.
"""

from collections.abc import Mapping
from typing import Final

_APPROVED_THING: Final = {
    "purchase": "Approve a purchase",
    "purchase.payee": "Approve a purchase from {payee}",
    "purchase.amount": "Approve {amount}",
    "purchase.amount.payee": "Approve {amount} to {payee}",
    "sign_in": "Sign in from {device}",
    "sign_in.country": "Sign in from {device} in {country}",
    "password_reset": "Reset your password",
    "account_update.email": "Change your e-mail address",
    "account_update.email.to": "Change your e-mail address to {address}",
    "account_update.email.add": "Add the e-mail address {address}",
    "account_update.email.remove": "Remove an e-mail address",
    "account_update.phone": "Change your phone number",
    "account_update.phone.to": "Change your phone number to {address}",
    "account_update.phone.add": "Add the phone number {address}",
    "account_update.phone.remove": "Remove a phone number",
    "account_update.password": "Change your password",
    "account_update.address": "Change your address",
    "contact_confirmation.email": "Confirm your e-mail address",
    "contact_confirmation.email.to": "Confirm your e-mail address {address}",
    "contact_confirmation.phone": "Confirm your phone number",
    "contact_confirmation.phone.to": "Confirm your phone number {address}",
    "other": "Approve “{type}”",
    "other.payee": "Approve “{type}” for {payee}",
    "other.amount": "Approve “{type}”: {amount}",
    "other.amount.payee": "Approve “{type}”: {amount} to {payee}",
}

_VERB: Final = {
    "verb.approve": "Approve",
    "verb.approve_amount": "Approve {amount}",
    "verb.sign_in": "Sign in",
    "verb.reset": "Reset my password",
    "verb.change": "Approve the change",
    "verb.confirm": "Confirm",
}

_ENTRY: Final = {
    "title": "{what} – {brand}",
    "error_title": "Error: {title}",
    "summary": "{brand} adds:",
    "why": "Why we ask",
    "why.more": "More reasons",
    "why.always": "{brand} asks for a code to make sure that it is you.",
    "sent.sms": "We sent a code by text message to {where}.",
    "sent.voice": "We are calling {where} to read you a code.",
    "sent.email": "We sent a code by e-mail to {where}.",
    "sent.concealed": "If this account exists and can be reached, a code is on its way to its phone or e-mail.",
    "sent.nothing": "Where shall we send your code?",
    "sent.nothing_possible": "No code can be sent for this request. Start again from {brand}, or contact support.",
    "ending_in": "the number ending in {digits}",
    "label.one": "Enter the code of {n} digit",
    "label.other": "Enter the {n}-digit code",
    "valid_until": "The code works until {time}.",
    "never_shared": "Nobody from {brand} will ask you for this code. Type it only here.",
    "trust.one": "Trust this device for {n} day",
    "trust.other": "Trust this device for {n} days",
    "trust.meaning": "We will ask for a code less often here. Leave this empty on a shared computer.",
    "more_help": "More help",
    "reference": "Reference {reference}",
    "not_me": "This wasn’t me",
    "back": "Cancel and go back to {brand}",
    "cancel": "Cancel this request",
    "elsewhere": "This request was begun in another browser. The code can only be entered there.",
    "expires_soon": "This request ends in one minute.",
    "expired_now": "This request has ended. Go back to {brand} and start again.",
}

_SENDING: Final = {
    "no_code": "Didn’t get the code?",
    "resend": "Send it again",
    "resend.call": "Call me again",
    "resend.wait.one": "You can ask again in {n} second.",
    "resend.wait.other": "You can ask again in {n} seconds.",
    "resend.wait.until": "You can ask again from {time}.",
    "send.wait.one": "A message can be sent in {n} second.",
    "send.wait.other": "A message can be sent in {n} seconds.",
    "send.wait.until": "A message can be sent from {time}.",
    "send.sms": "Text message to {where}",
    "send.voice": "Call me on {where}",
    "send.email": "E-mail to {where}",
    "send.sms.concealed": "Text message to the account’s phone",
    "send.voice.concealed": "Call me on the account’s phone",
    "send.email.concealed": "E-mail to the account’s address",
    "sends_left.one": "One more message can be sent for this request.",
    "sends_left.other": "{n} more messages can be sent for this request.",
    "sends_spent": "No more messages can be sent for this request.",
    "others_count_from": "The password was reset a short while ago: your other contacts can be used from {time}.",
    "delivery.queued": "The message is about to leave.",
    "delivery.accepted": "The message has left us and is on its way.",
    "delivery.sent": "The message is on its way.",
    "delivery.delivered": "The message was delivered at {time}.",
    "delivery.undelivered": "The message could not be delivered. Try another way.",
    "delivery.bounced": "The mailbox did not take the message. Try another way.",
    "delivery.blocked": "The message was blocked on its way. Try another way.",
    "delivery.unknown": "We have not heard yet whether the message arrived.",
}

_SAID: Final = {
    "said.empty": "Enter the code.",
    "said.short": "That has fewer digits than the code. Check it and try again: this did not use up a try.",
    "said.long": "That has more digits than the code. Check it and try again: this did not use up a try.",
    "said.malformed": "The code is made of digits only. Check it and try again: this did not use up a try.",
    "said.incorrect": "That code isn’t right. Check the latest message and try again.",
    "said.superseded": "That was an older code. Use the one in the latest message.",
    "said.not_sent": "No code was sent yet. Choose where to send it.",
    "said.sent_again": "We sent the same code again.",
    "said.sent_new": "A new code is on its way. Codes from before no longer work.",
    "said.sent_maybe": "If this account can be reached that way, a message is on its way.",
    "said.sends_spent": "No more messages can be sent for this request. Use the code you have, or start again.",
    "said.unusable": "We cannot send a code that way now. Choose another way.",
    "tries_left.one": "You have {n} try left.",
    "tries_left.other": "You have {n} tries left.",
}

_HELP: Final = {
    "help.title": "Didn’t get the code?",
    "help.check.sms": "Check that {where} is your phone, that it is on and has signal.",
    "help.check.voice": "Check that {where} is your phone, that it is on and has signal. We call it and read the code.",
    "help.check.email": "Check that {where} is your mailbox, and look in the spam or junk folder too.",
    "help.check.concealed": "Check the phone and the mailbox of your account, the spam or junk folder too.",
    "help.minutes": "A message can take a few minutes.",
    "help.latest": "If several messages came, use the code in the latest one.",
    "help.concealed": "Nothing came? Use a device that you have used with {brand} before, or contact support.",
    "help.send": "Get the code another way",
    "help.lost": "I no longer have this phone or mailbox",
    "help.lost.other": "Choose another contact above.",
    "help.lost.none": "Contact support. Only they can help you change where codes are sent.",
    "help.support": "Contact support",
    "help.support.unknown": "Contact {brand} the way you usually do, on its own website or app.",
    "help.reference": "Tell them this reference: {reference}",
    "help.reference.meaning": "The reference is no secret. The code is one: tell it to nobody, not even to support.",
    "help.back": "Back to entering the code",
}

_END: Final = {
    "end.approved": "Approved",
    "end.approved.text": "The code was right. You can go on at {brand}.",
    "end.exhausted": "Too many tries",
    "end.exhausted.text": "For your safety this request is cancelled. Start again from {brand}, or contact support.",
    "end.expired": "Time is up",
    "end.expired.text": "The code was not entered in time, so this request has ended. Start again from {brand}.",
    "end.cancelled": "Cancelled",
    "end.cancelled.text": "This request was cancelled. You can start again from {brand}.",
    "end.cancelled.replaced": "A newer request took its place. Use the newest page, or start again from {brand}.",
    "end.denied": "Stopped",
    "end.denied.text": "This request is stopped and its code no longer works.",
    "end.denied.advice": "Change your password if somebody else may know it. Nobody from {brand} will ask for a code.",
    "end.what": "Request: {what}",
    "end.reference": "Reference for support: {reference}",
    "end.go": "Go on to {brand}",
    "end.back": "Go back to {brand}",
    "end.close": "You can close this page and go back to {brand}.",
}

_NO: Final = {
    "no.title": "This wasn’t me",
    "no.intro": "You got a message about something that you did not start? Stop it here. You do not need to sign in.",
    "no.label": "Reference from the message",
    "no.hint": "Eight letters and digits, for example 7K2M9QXD. It is not the code.",
    "no.button": "This wasn’t me",
    "no.notice": "You opened the link of a message that told you what happened in your account.",
    "no.notice.ask": "If that was not you, press the button. We stop it, and undo what can be undone.",
    "no.notice.you": "If it was you, there is nothing to do. You can close this page.",
    "no.by_reference": "You have a reference instead?",
    "no.by_reference.link": "Type the reference of a message",
    "no.ended": "It is stopped",
    "no.ended.text": "The request has ended and its code no longer works.",
    "no.disputed": "Thank you, we have noted it",
    "no.disputed.text": (
        "What can be undone is undone, and your account now asks for a code each time until you have proven one of your"
        " older contacts."
    ),
    "no.undone": "It is undone",
    "no.undone.text": "The change to your contacts was taken back.",
    "no.noted": "There is nothing left to stop",
    "no.noted.text": "This had already ended, and nothing came of it that could be undone.",
    "no.next": "Change your password if somebody else may know it. Nobody will ever ask you for a code.",
    "no.unknown": "We do not know this reference. Check the message and type it again.",
    "no.empty": "Enter the reference.",
    "no.link_old": "This link is no longer valid",
    "no.link_old.text": "It may be older than 30 days, or was not copied whole. You can type a reference instead.",
}

_REFUSED: Final = {
    "refused.unknown": "This request is not here any more",
    "refused.unknown.text": (
        "It has ended, or the address was not copied whole. Go back to where you started, and start again from there."
    ),
    "refused.elsewhere": "This request belongs to another browser",
    "refused.elsewhere.text": (
        "It was begun in another browser or app, and for your safety it can only be finished there. No try was used up."
    ),
    "refused.cookies": "Your browser did not bring its cookie",
    "refused.cookies.text": (
        "We need one cookie to see that this is the browser where you started. Allow cookies for this site, and open"
        " the page again. No try was used up."
    ),
    "refused.form": "This form is too old",
    "refused.form.text": (
        "For your safety we did not accept it: it was not sent from the page in this browser. Open the page again. No"
        " try was used up."
    ),
    "refused.large": "That is too much text",
    "refused.large.text": "Enter only the code. No try was used up.",
    "refused.kind": "We could not read that",
    "refused.kind.text": "Open the page again and use the form on it. No try was used up.",
    "refused.soon": "A little patience",
    "refused.soon.text.one": "You can ask for another message in {n} second.",
    "refused.soon.text.other": "You can ask for another message in {n} seconds.",
    "refused.budget": "No code can be checked for now",
    "refused.budget.text": (
        "There were too many wrong codes for this account. No try was used up. Use a device that you have used with"
        " {brand} before, try again later, or contact support."
    ),
    "refused.many": "Too many references",
    "refused.many.text": "Too many references were typed from here. Try again later.",
    "refused.unavailable": "We cannot answer just now",
    "refused.unavailable.text": "Something does not work on our side. Wait a moment and try again. No try was used up.",
    "refused.again": "Open the page again",
    "refused.try_after": "Try again from {time}.",
}

TEXTS: Final[Mapping[str, str]] = {
    **_APPROVED_THING,
    **_VERB,
    **_ENTRY,
    **_SENDING,
    **_SAID,
    **_HELP,
    **_END,
    **_NO,
    **_REFUSED,
}
