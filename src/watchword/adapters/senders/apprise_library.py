"""Finds services by Apprise's own library; only a server that has such a sender imports it."""

from dataclasses import dataclass

import apprise


@dataclass(frozen=True, slots=True)
class AppriseService:
    """Keeps ``apprise.Service``."""

    found: apprise.Apprise

    def notify(self, *, text: str, title: str, timeout_s: float) -> bool:
        """Whether the service took it."""
        return bool(self.found.notify(body=text, title=title, body_format="text", timeout=timeout_s))


def find_service(url: str) -> AppriseService | None:
    """Return the service at an address, or None; an address of several services is none."""
    found = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, secure_logging=True, app_id="Watchword"))
    return AppriseService(found) if found.add(url) and len(found) == 1 else None
