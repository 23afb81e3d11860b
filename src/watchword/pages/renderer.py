"""Turns templates into answers with the headers that every page carries; knows no challenge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from watchword.domain.application import Application
from watchword.domain.ids import ApplicationId
from watchword.pages.assets import Asset, read_assets
from watchword.pages.framing import NOBODY
from watchword.pages.look import Looks, make_looks
from watchword.pages.reader import Reader, keep_choice
from watchword.wording.languages import Languages

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    f"{NOBODY}; form-action 'self'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "otp-credentials=(self), camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """Writes pages, each in the language of its reader."""

    environment: Environment
    languages: Languages
    assets: Mapping[str, Asset]
    looks: Looks
    page_base: str
    root: str
    """What stands before the path of every link: the path of ``page_base``, mostly empty."""

    def page(
        self,
        template: str,
        *,
        reader: Reader,
        application: Application | None = None,
        status: int = 200,
        form_targets: tuple[str, ...] = (),
        retry_after_s: int | None = None,
        **values: object,
    ) -> HTMLResponse:
        """Return a page that looks like its application's, or like ours where it is nobody's.

        ``form_targets`` are the sources besides our own that a form may end at.
        """
        headers = {**_HEADERS, "Content-Security-Policy": " ".join((_POLICY, *form_targets))}
        if retry_after_s is not None:
            headers["Retry-After"] = str(max(1, retry_after_s))
        addresses = {name: asset.address for name, asset in self.assets.items()}
        text = self.environment.get_template(template).render(
            words=reader.words,
            languages=reader.offered,
            look=self.looks.of(application),
            assets=addresses,
            root=self.root,
            **values,
        )
        response = HTMLResponse(text, status_code=status, headers=headers)
        keep_choice(response, reader, self.page_base)
        return response


def make_renderer(languages: Languages, page_base: str, applications: Mapping[ApplicationId, Application]) -> Renderer:
    """Return the renderer of the pages; reads the templates and assets of the package."""
    root = urlsplit(page_base).path.rstrip("/")
    return Renderer(
        environment=Environment(
            loader=PackageLoader("watchword.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        ),
        languages=languages,
        assets=read_assets(root),
        looks=make_looks(applications, root),
        page_base=page_base,
        root=root,
    )
