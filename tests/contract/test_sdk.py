"""What we rely on of azure-mgmt-datafactory itself, so that an update which changes it is noticed."""

import json

from azure.mgmt.datafactory import models
from azure.mgmt.datafactory._utils.model_base import SdkJSONEncoder


def written(model: object) -> dict:
    return json.loads(json.dumps(model, cls=SdkJSONEncoder, exclude_readonly=True))


def test_the_models_still_write_a_wrong_type():
    """The day this fails, the SDK can author a factory, and decision 1 may be taken again."""
    activity = models.AzureMLExecutePipelineActivity(name="score", type_properties={})
    lake = models.AzureBlobFSLinkedService(type_properties={"url": "https://lake"})

    assert written(activity)["type"] == "Execution"
    assert "type" not in written(lake)
