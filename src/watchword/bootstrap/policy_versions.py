"""The policies of an application as they were applied: which one decides, what came before, and applying another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.policies import check_policy_text
from watchword.bootstrap.store_opening import is_there
from watchword.bootstrap.upkeep import with_store
from watchword.config.settings import DeclaredApplication, PolicySource, Settings
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import rfc3339
from watchword.ports.store.values import AppliedPolicy
from watchword.risk.policy import Policy, version_of

LISTED_MOST: Final = 1_000
"""Versions that are looked at; nobody goes back further."""
PREFIX_LEAST: Final = 4
"""Digits by which a version can be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The policy that an application's actions are decided by."""

    source: PolicySource
    version: str
    applied: AppliedPolicy | None
    """Who applied it, when and why; None for the one that ``watchword.toml`` names, which counts until one is."""


def policy_in_force(settings: Settings, declared: DeclaredApplication) -> InForce:
    """Return the policy that decides: the one that was applied last, else the one of ``watchword.toml``.

    Where there is no store yet, none was applied. The policy is not checked.
    """
    newest = versions_of(settings, declared, limit=1) if is_there(settings) else ()
    return in_force(declared, newest[0] if newest else None)


def in_force(declared: DeclaredApplication, applied: AppliedPolicy | None) -> InForce:
    """Return the policy that decides where this one was applied last."""
    if applied is None:
        return InForce(source=declared.policy, version=version_of(declared.policy.text), applied=None)
    return InForce(source=source_of(applied), version=applied.version, applied=applied)


def source_of(applied: AppliedPolicy) -> PolicySource:
    """Return the text of an applied policy under the name that messages call it by."""
    moment = rfc3339(applied.applied_at)
    name = f"policy {applied.version} of {applied.application_id}, applied {moment}"
    return PolicySource(name=name, text=applied.text)


def versions_of(settings: Settings, declared: DeclaredApplication, *, limit: int) -> Sequence[AppliedPolicy]:
    """Return the policies that were applied, newest first."""
    keys, application_id = open_keys(settings.keys, create=False), declared.application.id
    return with_store(settings, keys, lambda store: store.policies(application_id, limit=limit))


def find_version(settings: Settings, declared: DeclaredApplication, prefix: str) -> AppliedPolicy:
    """Return the policy whose version begins with these digits; ``ConfigurationError`` for none or several."""
    found = {
        one.version: one
        for one in versions_of(settings, declared, limit=LISTED_MOST)
        if len(prefix) >= PREFIX_LEAST and one.version.startswith(prefix)
    }
    if len(found) != 1:
        problem = f"these versions begin with it: {', '.join(found)}" if found else "no such version was applied"
        raise ConfigurationError((f"{prefix}: {problem}; `watchword policy log` lists them",))
    return next(iter(found.values()))


def apply_policy(
    settings: Settings, declared: DeclaredApplication, source: PolicySource, *, applied_by: str, why: str
) -> AppliedPolicy:
    """Make a policy the one that decides; running servers take it up with their next round of upkeep.

    Raises ``ConfigurationError`` with every problem of a policy that is not right; nothing is stored then.
    """
    policy = load_source(declared, source)
    keys, application_id = open_keys(settings.keys, create=False), declared.application.id
    return with_store(
        settings,
        keys,
        lambda store: store.apply_policy(
            application_id, version=policy.version, text=source.text, applied_by=applied_by, why=why
        ),
    )


def load_source(declared: DeclaredApplication, source: PolicySource) -> Policy:
    """Return a text as the checked policy of an application; ``ConfigurationError`` with every problem."""
    return check_policy_text(source.text, source_name=source.name, action_types=declared.application.action_types)
