"""The resource types that are known, as Azure spells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import AzureError
from sandbox.monitor import alerts, logs, screens

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.monitor.fields import Fields
    from sandbox.monitor.known import Known

_ANY_NAME: Final = r"[^*#&+:<>?@%/\\]{1,260}"


@dataclass(frozen=True)
class ResourceType:
    name: str
    api_versions: tuple[str, ...]
    check: Callable[[Fields, Known], None]
    """Raises for a body that Azure would refuse."""
    pattern: str = _ANY_NAME
    adds: tuple[tuple[str, Any], ...] = ()
    """What the service answers beside the properties that were sent."""

    def require_version(self, asked: str) -> None:
        if asked not in self.api_versions:
            known = ", ".join(self.api_versions)
            raise AzureError(
                400,
                "NoRegisteredProviderFound",
                f"No registered resource provider found for API version '{asked}' for type '{self.name}'. "
                f"The supported api-versions are '{known}'.",
            )


_NO_RECEIVERS: Final = ("smsReceivers", "voiceReceivers", "armRoleReceivers", "logicAppReceivers")

DIAGNOSTIC_SETTING: Final = ResourceType(
    "Microsoft.Insights/diagnosticSettings", ("2021-05-01-preview",), logs.diagnostic_setting
)
TYPES: Final = {
    each.name.lower(): each
    for each in (
        ResourceType(
            "Microsoft.Insights/actionGroups",
            ("2021-09-01", "2022-06-01", "2023-01-01"),
            alerts.action_group,
            adds=tuple((name, []) for name in _NO_RECEIVERS),
        ),
        ResourceType(
            "Microsoft.Insights/metricAlerts",
            ("2018-03-01",),
            alerts.metric_alert,
            adds=(("isMigrated", False), ("targetResourceType", alerts.METRIC_NAMESPACE)),
        ),
        ResourceType(
            "Microsoft.Insights/scheduledQueryRules",
            ("2021-08-01", "2022-06-15", "2023-12-01"),
            alerts.log_alert,
            adds=(("createdWithApiVersion", "2021-08-01"), ("isLegacyLogAnalyticsRule", False)),
        ),
        ResourceType(
            "Microsoft.Insights/workbooks",
            ("2021-08-01", "2022-04-01", "2023-06-01"),
            screens.workbook,
            r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
            adds=(("version", "1.0"), ("userId", "local")),
        ),
        ResourceType(
            "Microsoft.Portal/dashboards",
            ("2020-09-01-preview", "2022-12-01-preview"),
            screens.dashboard,
            r"[a-zA-Z0-9-]{3,24}",
            adds=(("provisioningState", "Succeeded"),),
        ),
        ResourceType(
            "Microsoft.OperationalInsights/workspaces",
            ("2021-06-01", "2022-10-01", "2023-09-01"),
            logs.workspace,
            r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
            adds=(("provisioningState", "Succeeded"), ("retentionInDays", 30)),
        ),
    )
}
"""Those of a resource group, by their name in small letters."""
