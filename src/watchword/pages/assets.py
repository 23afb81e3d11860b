"""The style sheet, the script and the icon of the pages: read once, named after their content, kept by browsers.

There is nothing else: no font, no library and no other host.
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
_DIGEST_LETTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of the pages."""

    content: bytes
    media_type: str
    address: str
    """Its path with the digest of its content, so that a new version has another address."""

    def answer(self) -> Response:
        """Return the file, to be kept by the browser for good."""
        headers = {
            "Cache-Control": _KEPT,
            "Content-Security-Policy": "default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(self.content, media_type=self.media_type, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPages:
    """Answers requests for the files of the pages."""

    assets: Mapping[str, Asset]

    async def show(self, request: Request) -> Response:
        """Return one file, whatever digest its address has: a page from before an update still looks right."""
        asset = self.assets.get(request.path_params["name"])
        if asset is None:
            raise PageRefused(Why.UNKNOWN)
        return asset.answer()


def read_assets(root: str) -> Mapping[str, Asset]:
    """Return the files of the pages by their names."""
    folder = files("watchword.pages") / "static"
    contents = {name: (folder / name).read_bytes() for name in _MEDIA_TYPES}
    return {
        name: Asset(
            content=content,
            media_type=_MEDIA_TYPES[name],
            address=f"{root}/assets/{hashlib.sha256(content).hexdigest()[:_DIGEST_LETTERS]}/{name}",
        )
        for name, content in contents.items()
    }
