"""What can be read about the API on the API itself: its description for machines, and what each error code means."""

from msgspec import json

from watchword.api.openapi import describe
from watchword.api.operation import Operation, Public
from watchword.domain.errors import NotFound
from watchword.web.error_reference import error_entries, render_entry, render_errors
from watchword.web.exchange import Answer, Request

OPENAPI_PATH = "/openapi.json"
_MARKDOWN = "text/markdown; charset=utf-8"
_CACHED = (("cache-control", "public, max-age=300"),)


def error_calls() -> tuple[Public, ...]:
    """Return the calls that explain errors: the addresses in a problem's ``type``."""
    entries = {entry.code: render_entry(entry) for entry in error_entries()}
    page = render_errors().encode()

    async def show_errors(_request: Request) -> Answer:
        return Answer(status=200, body=page, content_type=_MARKDOWN, headers=_CACHED)

    async def show_error(request: Request) -> Answer:
        text = entries.get(request.values["code"])
        if text is None:
            raise NotFound
        return Answer(status=200, body=text.encode(), content_type=_MARKDOWN, headers=_CACHED)

    return (
        Public(
            operation=Operation(
                method="GET",
                path="/errors",
                name="listErrors",
                summary="Explain every error code",
                answers={200: "text/markdown"},
            ),
            handler=show_errors,
        ),
        Public(
            operation=Operation(
                method="GET",
                path="/errors/{code}",
                name="getError",
                summary="Explain one error code",
                answers={200: "text/markdown"},
                refusals=(NotFound,),
            ),
            handler=show_error,
        ),
    )


def description_call(operations: tuple[Operation, ...], *, version: str, address: str) -> Public:
    """Return the call that describes all calls, itself included, as OpenAPI 3.1."""
    own = Operation(
        method="GET",
        path=OPENAPI_PATH,
        name="getDescription",
        summary="Describe the API as OpenAPI 3.1",
        answers={200: "application/json"},
    )
    body = json.encode(describe((*operations, own), version=version, address=address))

    async def show_description(_request: Request) -> Answer:
        # Anybody's documentation viewer may read it: it is the same for everybody.
        return Answer(status=200, body=body, headers=(*_CACHED, ("access-control-allow-origin", "*")))

    return Public(operation=own, handler=show_description)
