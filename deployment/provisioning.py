"""Infrastructure: in a real subscription it must exist; the local Azure starts empty, so it is made there.

What is made locally is what an infrastructure team makes with Bicep, by the same Resource Manager calls:
resource group, storage account, file system, workspace, compute; and the sample files are uploaded where
they are absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf.resource_ids import (
    compute_id,
    lake_group_id,
    resource_group_id,
    storage_account_id,
    workspace_id,
)
from deployment.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from config.schema import Settings
    from deployment.lake import Lake
    from deployment.progress import Progress
    from deployment.resource_manager import ResourceManager


def require(settings: Settings, resources: ResourceManager, lake: Lake) -> None:
    """Raises InfrastructureError naming everything that is missing, at once."""
    azure, machine_learning = settings.azure, settings.machine_learning
    needed = {
        f"resource group {azure.resource_group}": resource_group_id(settings),
        f"workspace {machine_learning.workspace}": workspace_id(settings),
        f"compute {machine_learning.compute}": compute_id(settings),
    }
    if settings.monitoring is not None:
        workspace = settings.monitoring.workspace_id
        needed[f"Log Analytics workspace {workspace.rpartition('/')[2]}"] = workspace
    missing = [name for name, resource_id in needed.items() if resources.get(resource_id) is None]
    if not lake.exists():
        missing.append(f"file system {settings.lake.file_system} in storage account {settings.lake.account}")
    if missing:
        hint = f"create it in subscription {azure.subscription_id}, or name another in the configuration"
        raise InfrastructureError(f"these do not exist: {', '.join(missing)}", hint=hint)


def make(settings: Settings, resources: ResourceManager, lake: Lake, progress: Progress) -> None:
    """Bring what is missing into the local Azure. Changes nothing that is there."""
    for name, resource_id, body in _resources(settings):
        if resources.get(resource_id) is None:
            resources.put(resource_id, body)
            progress.note(f"local Azure: made {name}")
    if not lake.exists():
        lake.create_file_system()
    for path, local in settings.sandbox.files.items():
        for target, source in sample_files(path, local):
            if not lake.holds(target):
                lake.upload(source, target)
                progress.note(f"local Azure: uploaded {target}")


def _resources(settings: Settings) -> Iterator[tuple[str, str, dict[str, Any]]]:
    location = settings.azure.location
    for group_id in dict.fromkeys((resource_group_id(settings), lake_group_id(settings))):
        yield f"resource group {group_id.rsplit('/', 1)[-1]}", group_id, {"location": location}
    storage = {
        "location": location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"isHnsEnabled": True},
    }
    yield f"storage account {settings.lake.account}", storage_account_id(settings), storage
    workspace = {
        "location": location,
        "identity": {"type": "SystemAssigned"},
        "properties": {"storageAccount": storage_account_id(settings)},
    }
    yield f"workspace {settings.machine_learning.workspace}", workspace_id(settings), workspace
    scale = {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT120S"}
    compute = {
        "location": location,
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "computeType": "AmlCompute",
            "properties": {"vmSize": "STANDARD_DS3_V2", "vmPriority": "Dedicated", "scaleSettings": scale},
        },
    }
    yield f"compute {settings.machine_learning.compute}", compute_id(settings), compute
    if settings.monitoring is not None:
        logs = settings.monitoring.workspace_id
        yield f"Log Analytics workspace {logs.rpartition('/')[2]}", logs, {"location": location}


def sample_files(path: str, local: Path) -> Iterator[tuple[str, Path]]:
    """(path in the lake, local file) of a file, or of every file below a folder."""
    if local.is_dir():
        for file in sorted(each for each in local.rglob("*") if each.is_file()):
            yield f"{path.rstrip('/')}/{file.relative_to(local).as_posix()}", file
    else:
        yield path, local
