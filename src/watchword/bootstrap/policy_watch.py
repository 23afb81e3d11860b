"""The policies that decide in a running process: read at its start, and taken up anew when another is applied."""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from watchword.bootstrap.policy_versions import InForce, in_force
from watchword.config.declared_applications import DEFAULT_POLICY
from watchword.config.settings import DeclaredApplication, Settings
from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import ApplicationId
from watchword.ports.store import Store
from watchword.ports.store.values import AppliedPolicy
from watchword.risk.policy import Policy, load_policy, new_environment, version_of

_log = structlog.get_logger(__name__)
_WAY_OUT: Final = "apply one that this release can read: watchword policy apply"


class PolicyWatch:
    """Holds the policy of every application; never one that is broken."""

    __slots__ = ("_declared", "_environment", "_policies", "_seen")

    def __init__(self, declared: Sequence[DeclaredApplication], applied: Mapping[ApplicationId, AppliedPolicy]) -> None:
        """Take up the policies that were applied last, where none was those of ``watchword.toml``.

        Raises ``ConfigurationError`` for one that this release cannot load: it is better not to start than to decide
        by other rules than those that somebody wanted.
        """
        self._declared = tuple(declared)
        self._environment = new_environment()
        self._seen = {one.application.id: applied.get(one.application.id) for one in declared}
        self._policies = {one.application.id: self._load_first(one) for one in declared}

    @classmethod
    async def at_start(cls, settings: Settings, store: Store) -> "PolicyWatch":
        """Read from the store what was applied."""
        return cls(settings.applications, await _newest(store, settings))

    @property
    def policies(self) -> Mapping[ApplicationId, Policy]:
        """The policies by application; the mapping changes when another one is taken up."""
        return self._policies

    async def look(self, store: Store) -> None:
        """Take up what was applied meanwhile.

        One that this release cannot load is refused with every look, in the log, and the one before goes on deciding.
        """
        for declared in self._declared:
            application_id = declared.application.id
            newest = await store.policies(application_id, limit=1)
            if not newest or newest[0] == self._seen[application_id]:
                continue
            try:
                policy = self._load(in_force(declared, newest[0]), declared)
            except ConfigurationError as error:
                _log.error(
                    "policy.refused",
                    application_id=application_id,
                    version=newest[0].version,
                    problems=error.problems,
                    effect=f"version {self._policies[application_id].version} goes on deciding",
                    way_out=_WAY_OUT,
                )
                continue
            self._seen[application_id] = newest[0]
            self._policies[application_id] = policy
            _log.info("policy.taken_up", application_id=application_id, version=policy.version)

    def _load_first(self, declared: DeclaredApplication) -> Policy:
        found = in_force(declared, self._seen[declared.application.id])
        _tell_of_the_file(declared, found)
        try:
            return self._load(found, declared)
        except ConfigurationError as error:
            if found.applied is None:
                raise
            raise ConfigurationError((*error.problems, f"{declared.application.id}: {_WAY_OUT}")) from None

    def _load(self, found: InForce, declared: DeclaredApplication) -> Policy:
        return load_policy(
            found.source.text,
            source_name=found.source.name,
            action_types=declared.application.action_types,
            environment=self._environment,
        )


def _tell_of_the_file(declared: DeclaredApplication, found: InForce) -> None:
    """Say in the log that the file of ``watchword.toml`` decides nothing, where it says something else."""
    file_version = version_of(declared.policy.text)
    if found.applied is None or file_version == found.version or declared.policy.name == DEFAULT_POLICY:
        return
    _log.warning(
        "policy.file_is_not_in_force",
        application_id=declared.application.id,
        file=declared.policy.name,
        file_version=file_version,
        version=found.version,
        effect="the version that was applied decides, until the file is applied: watchword policy apply",
    )


async def _newest(store: Store, settings: Settings) -> Mapping[ApplicationId, AppliedPolicy]:
    found = {}
    for declared in settings.applications:
        for newest in await store.policies(declared.application.id, limit=1):
            found[declared.application.id] = newest
    return found
