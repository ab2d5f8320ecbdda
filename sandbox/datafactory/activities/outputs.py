"""What every activity that moves or changes data says beside its own output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

RUNTIME = "AutoResolveIntegrationRuntime (Local)"


def with_runtime(output: Json, meter: str = "PipelineActivity") -> Json:
    """`meter` is the kind of activity that is billed; here each costs nothing."""
    return {
        **output,
        "effectiveIntegrationRuntime": RUNTIME,
        "durationInQueue": {"integrationRuntimeQueue": 0},
        "billingReference": {"activityType": meter, "billableDuration": []},
    }
