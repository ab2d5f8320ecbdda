"""A local Azure Machine Learning workspace: the real SDK (azureml-core, azureml-pipeline-core) talks to it
unpatched.

What goes in: snapshots of folders, modules (a step's interface), graphs of modules, pipeline endpoints,
submissions. What comes out: runs whose steps really ran, as subprocesses in a fresh copy of what was
published, with the graph's own arguments; their logs, metrics and outputs; registered models.

The way of a request: `routes` (the table of areas) → `<area>_routes` (one handler an operation) → the
models of `snapshots`, `pipelines`, `history`, `registry`, `blobs` (what is kept, and its rules) →
`responses` (the wire's words). The way of a run: `submissions` (may it run, with which parameters?) →
`executor` (the graph: what is ready, what failed) → `steps` (one step: its folders, arguments, environment)
→ `supervisor` (a process of its own that dies with the sandbox) → the script, or `parallel_run_driver` for
a ParallelRunStep.

Documents live in the sandbox's store under the workspace's id, files under
`<state>/machinelearning/<workspace id>/`. A workspace that is created anew has a new id: the SDK caches
snapshots by it.

The known drawbacks: nothing is built from a conda file (a step runs in the sandbox's own Python), a
compute's size and nodes are not imitated, and data comes from the lake by path or from an earlier step,
never from a dataset.
"""
