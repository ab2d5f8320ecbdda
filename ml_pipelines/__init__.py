"""What is published to Azure Machine Learning, and never scheduled there.

    config.Settings, a model ─► definition ─► gateway ─► a pipeline endpoint with a stable id

A *definition* (training.py, batch_scoring.py → definition.py) is a value: steps, arguments, parameters, and
the snapshot as a list of files with their digests. fingerprint.py condenses it; the fingerprint becomes the
published pipeline's `version`, so what is published tells what it was made from, and unchanged content
publishes nothing. Definitions read files (the user's folder, ours) and nothing else: no clock, no network.

gateway.py, with gateway_steps.py and sdk_at_work.py, is the only one here that imports azureml. It turns a
definition into Azure ML's objects, publishes them under a pipeline endpoint (created once, then given new
default versions) and reads back endpoints, models, runs, and the schedules of others.

steps/ is what runs on the compute; examples/ is what a data scientist brings.

Known drawback: Azure ML SDK v1 reads its cloud when it is imported. One process speaks to one cloud; the
gateway refuses a second.
"""
