"""The style sheet, the script and the icon of the pages: read once, named after their content, kept by browsers.

Beside them only what applications bring: their logos and colours. There is no font, no library and no other host.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from watchword.pages.refused import PageRefused, Why

_MEDIA_TYPES: Final = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_KEPT: Final = "public, max-age=31536000, immutable"
_NOT_KEPT: Final = "no-store"
_DIGEST_LETTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of the pages."""

    content: bytes
    media_type: str
    address: str
    """Its path with the digest of its content, so that a new version has another address."""

    def answer(self, digest: str) -> Response:
        """Return the file, to be kept by the browser for good where it was asked for by its own digest.

        Under another one, a page from before an update still looks right, and nobody keeps what does not belong there.
        """
        headers = {
            "Cache-Control": _KEPT if self.address.split("/")[-2] == digest else _NOT_KEPT,
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(self.content, media_type=self.media_type, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPages:
    """Answers requests for the files of the pages."""

    assets: Mapping[str, Asset]

    async def show(self, request: Request) -> Response:
        """Return one file, whatever digest its address has."""
        asset = self.assets.get(request.path_params["name"])
        if asset is None:
            raise PageRefused(Why.UNKNOWN)
        return asset.answer(request.path_params["digest"])


def make_asset(name: str, content: bytes, media_type: str, root: str) -> Asset:
    """Return a file under a name, at an address below ``root`` that changes with its content."""
    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_LETTERS]
    return Asset(content=content, media_type=media_type, address=f"{root}/assets/{digest}/{name}")


def read_assets(root: str) -> Mapping[str, Asset]:
    """Return the files of the pages by their names."""
    folder = files("watchword.pages") / "static"
    return {name: make_asset(name, (folder / name).read_bytes(), kind, root) for name, kind in _MEDIA_TYPES.items()}
