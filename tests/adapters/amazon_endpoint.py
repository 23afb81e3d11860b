"""An endpoint of Amazon's on loopback that answers what it is told, in the shapes that Amazon documents."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.adapters.mail_server import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came."""

    path: str
    target: str | None
    """Which operation is meant, where the protocol says so in a header."""
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The body, where it is JSON."""
        fields: dict[str, Any] = json.loads(self.body)
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer to give."""

    status: int = 200
    body: bytes = b"{}"
    error: str | None = None
    """The name of the error, as it stands in a header."""
    location: str | None = None
    """Where it sends the caller instead."""


def refusal(error: str, *, status: int = 400, **fields: str) -> Answered:
    """Give an error as JSON services give it."""
    body = {"__type": f"com.amazonaws#{error}", "Message": "About +14155550123.", **fields}
    return Answered(status=status, error=error, body=json.dumps(body).encode())


def refusal_of_sns(error: str, *, status: int = 400) -> Answered:
    """Give an error as Amazon SNS gives it."""
    body = (
        '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
        f"<Code>{error}</Code><Message>About +14155550123.</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    )
    return Answered(status=status, body=body.encode())


@dataclass
class Endpoint:
    """What was asked, and what is to be answered."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: deque[Answered] = field(default_factory=deque)
    """Afterwards everything is taken."""
    held: threading.Event | None = None
    """What it waits for before it answers."""


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Let an endpoint answer."""
    one = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            one.asked.append(Asked(path=self.path, target=self.headers.get("x-amz-target"), body=body))
            if one.held is not None:
                one.held.wait(10)
            answer = one.answers.popleft() if one.answers else Answered(body=b'{"MessageId": "amazon-1"}')
            self.send_response(answer.status)
            self.send_header("content-length", str(len(answer.body)))
            if answer.error is not None:
                self.send_header("x-amzn-errortype", answer.error)
            if answer.location is not None:
                self.send_header("location", answer.location)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    one.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield one
    finally:
        if one.held is not None:
            one.held.set()
        server.shutdown()
        thread.join()
        server.server_close()
