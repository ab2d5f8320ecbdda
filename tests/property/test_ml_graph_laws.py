"""Laws of a graph's execution, for any graph and any failures: who runs, when, and that it ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.machinelearning.executor import Run
from sandbox.machinelearning.models import Graph, Node, Workspace

Edges = dict[int, set[int]]


@st.composite
def edges(draw: st.DrawFn) -> Edges:
    """Each step depends on earlier ones only: no circle."""
    count = draw(st.integers(1, 8))
    return {
        step: draw(st.sets(st.integers(0, step - 1), max_size=3)) if step else set() for step in range(count)
    }


def new_run(graph: Edges, *, goes_on: bool) -> Run:
    nodes = {
        str(step): Node(str(step), str(step), None, "", (), {}, {}, {}, after=frozenset(map(str, before)))
        for step, before in graph.items()
    }
    return Run(Workspace("s", "g", "w", "id"), {"runId": "r"}, Graph(nodes, {}), {}, goes_on)


def execute(run: Run, failing: set[int]) -> list[str]:
    """One step at a time, in the order in which they are offered."""
    order = []
    while ready := run.ready():
        node = ready[0]
        order.append(node.id)
        run.ends[node.id] = "Failed" if int(node.id) in failing else "Completed"
        if int(node.id) in failing:
            run.errors.append(node.id)
    return order


@given(edges())
def test_every_step_runs_once_after_those_it_follows(graph: Edges) -> None:
    order = execute(new_run(graph, goes_on=False), set())

    assert sorted(order) == sorted(map(str, graph))
    position = {int(step): place for place, step in enumerate(order)}
    assert all(position[before] < position[step] for step in graph for before in graph[step])


@given(edges(), st.sets(st.integers(0, 7)))
def test_going_on_runs_exactly_what_depends_on_no_failure(graph: Edges, failing: set[int]) -> None:
    """A failed step itself ran; what follows it, however far, did not."""
    order = execute(new_run(graph, goes_on=True), failing)

    spoiled: set[int] = set()
    for step in graph:
        if any(before in failing or before in spoiled for before in graph[step]):
            spoiled.add(step)
    assert {int(step) for step in order} == graph.keys() - spoiled


@given(edges(), st.sets(st.integers(0, 7)))
def test_without_going_on_nothing_begins_after_a_failure(graph: Edges, failing: set[int]) -> None:
    order = [int(step) for step in execute(new_run(graph, goes_on=False), failing)]

    assert [step for step in order[:-1] if step in failing] == []
