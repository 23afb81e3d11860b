"""Who may show our pages in a frame: nobody, or the origins that the application of a page has named.

One place for all that a frame needs, put onto every answer about an application, redirects and refusals included, so
that no answer contradicts another. docs/decisions/0008 says what protects a framed page.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from watchword.domain.application import Application
from watchword.web.browser import is_framed, keep_cookies_in_frame

NOBODY: Final = "frame-ancestors 'none'"
"""What the policy of every page says until its application is known to allow more."""
_PLAIN_POLICY: Final = f"default-src 'none'; {NOBODY}"
"""Of answers without a page, as every answer of the server has it."""
_POLICY: Final = "content-security-policy"


def note_application(request: Request, application: Application) -> None:
    """Remember whose page a request is about, for whatever is answered in the end."""
    request.state.application = application


def noted_application(request: Request) -> Application | None:
    """Return whose page a request is about, or None where that was not found out."""
    application = getattr(request.state, "application", None)
    return application if isinstance(application, Application) else None


def allow_frames(request: Request, response: Response) -> None:
    """Let the origins that the page's application has named frame an answer; without any, change nothing."""
    application = noted_application(request)
    if application is None or not application.branding.frame_origins:
        return
    allowed = f"frame-ancestors {' '.join(application.branding.frame_origins)}"
    policy = response.headers.get(_POLICY, _PLAIN_POLICY)
    response.headers[_POLICY] = policy.replace(NOBODY, allowed)
    # It can forbid every frame or allow our own origin, and nothing between the two.
    if "x-frame-options" in response.headers:
        del response.headers["x-frame-options"]
    if is_framed(request):
        keep_cookies_in_frame(response)
