"""Pipelines really run: dependencies, containers, retries, concurrency, reruns, cancellation, crashes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.datafactory.engine.orders import Rerun
from sandbox.datafactory.errors import BadRequest, ReferencedRunNotValid
from sandbox.datafactory.service import Service
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, activity, expression, fail, play, wait

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_failure_names_its_activity(factory: LocalFactory) -> None:
    """The run's message is the service's: Operation on target … failed: …"""

    async def scenario() -> None:
        factory.pipeline("p", fail("broken", expression("@concat('no', ' luck')")))

        run = await factory.run("p")

        assert run["message"] == "Operation on target broken failed: no luck"
        assert factory.activities(run["runId"])["broken"]["error"] == {
            "errorCode": "1",
            "message": "no luck",
            "failureType": "UserError",
            "target": "broken",
        }

    play(scenario)


def test_secure_values_do_not_reach_monitoring(factory: LocalFactory) -> None:
    """secureInput and secureOutput hide values from monitoring; the next activity still sees them."""

    async def scenario() -> None:
        secure = {"secureInput": True, "secureOutput": True}
        factory.pipeline(
            "p",
            activity("set", "SetVariable", policy=secure, variableName="v", value="hush"),
            fail("tell", expression("@activity('set').output.value"), after={"set": ["Succeeded"]}),
            variables={"v": {"type": "String"}},
        )

        run = await factory.run("p")

        assert run["message"].endswith("hush")
        assert "hush" not in json.dumps({**factory.activities(run["runId"])["set"], "_": None})

    play(scenario)


def test_user_properties_are_evaluated(factory: LocalFactory) -> None:
    """Monitoring shows user properties as values, by name."""

    async def scenario() -> None:
        shown = [{"name": "window", "value": expression("@pipeline().parameters.window")}]
        factory.pipeline("p", wait("w", userProperties=shown), parameters={"window": {"type": "string"}})

        run = await factory.run("p", window="2026-11-22")

        assert factory.activities(run["runId"])["w"]["userProperties"] == {"window": "2026-11-22"}

    play(scenario)


def test_parameters_are_checked_and_defaulted(factory: LocalFactory) -> None:
    """A value must be given, be declared and have its type; monitoring shows all of them as text."""

    async def scenario() -> None:
        declared = {
            "n": {"type": "Int"},
            "s": {"type": "String", "defaultValue": "d"},
            "a": {"type": "Array"},
        }
        factory.pipeline("p", wait("w", 0), parameters=declared)

        run = await factory.run("p", n="3", a=[1])

        assert run["parameters"] == {"n": "3", "s": "d", "a": "[1]"}
        for wrong in ({}, {"n": "x", "a": []}, {"n": 1, "a": [], "extra": 1}):
            with pytest.raises(BadRequest):
                factory.start("p", wrong)

    play(scenario)


def test_if_runs_one_branch(factory: LocalFactory) -> None:
    """The other branch's activities do not appear; a failure inside fails the container and the pipeline."""

    async def scenario() -> None:
        factory.pipeline(
            "p",
            activity(
                "if",
                "IfCondition",
                expression=expression("@equals(pipeline().parameters.x, 'a')"),
                ifTrueActivities=[fail("inner", "deep")],
                ifFalseActivities=[wait("other")],
            ),
            parameters={"x": {"type": "String"}},
        )

        failed, fine = await factory.run("p", x="a"), await factory.run("p", x="b")

        assert (failed["status"], fine["status"]) == ("Failed", "Succeeded")
        assert "inner activity name: inner, Error: deep" in failed["message"].replace("Inner", "inner")
        assert set(factory.activities(fine["runId"])) == {"if", "other"}

    play(scenario)


def test_for_each_runs_all_items_and_fails_with_any(factory: LocalFactory) -> None:
    """Every iteration runs to its end; one failure fails the loop, naming the first in the items' order."""

    async def scenario() -> None:
        choose = activity(
            "choose",
            "IfCondition",
            expression=expression("@equals(item(), 2)"),
            ifTrueActivities=[fail("two", expression("@string(item())"))],
        )
        loop = activity(
            "loop", "ForEach", items=expression("@createArray(1,2,3)"), activities=[wait("w"), choose]
        )
        factory.pipeline("p", loop)

        run = await factory.run("p")

        waits = [
            one
            for one in factory.service.runs.activity_runs(factory.id, run["runId"])
            if one["activityName"] == "w"
        ]
        assert [one["status"] for one in waits] == ["Succeeded"] * 3
        assert run["status"] == "Failed"

    play(scenario)


def test_until_repeats_and_times_out(factory: LocalFactory) -> None:
    """The activities run before the expression is asked; the timeout is a failure."""

    async def scenario() -> None:
        append = activity("append", "AppendVariable", variableName="seen", value="x")
        enough = expression("@greaterOrEquals(length(variables('seen')), 3)")
        factory.pipeline(
            "three",
            activity("until", "Until", expression=enough, activities=[append]),
            variables={"seen": {"type": "Array"}},
        )
        never = activity(
            "until",
            "Until",
            expression=expression("@bool('false')"),
            timeout="00:01:00",
            activities=[wait("w", 7)],
        )
        factory.pipeline("never", never)

        three, late = await factory.run("three"), await factory.run("never")

        rounds = factory.service.runs.activity_runs(factory.id, three["runId"])
        assert len([one for one in rounds if one["activityName"] == "append"]) == 3
        assert late["status"] == "Failed"
        assert "timed out" in late["message"]

    play(scenario)


def test_switch_takes_the_case_or_the_default(factory: LocalFactory) -> None:
    """Cases are compared exactly."""

    async def scenario() -> None:
        cases = [{"value": "a", "activities": [wait("wa", 0)]}]
        switch = activity(
            "switch",
            "Switch",
            on=expression("@pipeline().parameters.x"),
            cases=cases,
            defaultActivities=[wait("wd", 0)],
        )
        factory.pipeline("p", switch, parameters={"x": {"type": "String"}})

        taken = [set(factory.activities((await factory.run("p", x=x))["runId"])) for x in ("a", "A")]

        assert taken == [{"switch", "wa"}, {"switch", "wd"}]

    play(scenario)


def test_filter_keeps_what_the_condition_says(factory: LocalFactory) -> None:
    """The output counts all items and those kept."""

    async def scenario() -> None:
        condition = expression("@greater(item(), 1)")
        factory.pipeline(
            "p", activity("f", "Filter", items=expression("@createArray(1,2,3)"), condition=condition)
        )

        run = await factory.run("p")

        assert factory.activities(run["runId"])["f"]["output"] == {
            "ItemsCount": 3,
            "FilteredItemsCount": 2,
            "Value": [2, 3],
        }

    play(scenario)


def test_a_child_pipeline_returns_values_and_fails_its_parent(factory: LocalFactory) -> None:
    """ExecutePipeline waits for its child and mirrors it; the child knows who called."""

    async def scenario() -> None:
        value = {"type": "Expression", "content": "@pipeline()?.TriggeredByPipelineName"}
        factory.pipeline(
            "child",
            activity(
                "return",
                "SetVariable",
                variableName="pipelineReturnValue",
                setSystemVariable=True,
                value=[{"key": "caller", "value": value}],
            ),
        )
        reference = {"referenceName": "child", "type": "PipelineReference"}
        told = fail(
            "tell",
            expression("@activity('call').output.pipelineReturnValue.caller"),
            after={"call": ["Succeeded"]},
        )
        factory.pipeline("parent", activity("call", "ExecutePipeline", pipeline=reference), told)

        run = await factory.run("parent")

        assert run["message"] == "Operation on target tell failed: parent"
        child = factory.service.runs.all(factory.id)[1]
        assert child["invokedBy"]["pipelineRunId"] == run["runId"]

    play(scenario)


def test_a_return_value_may_hold_objects_and_arrays(factory: LocalFactory) -> None:
    """Written as lists of typed values; the caller sees plain ones."""

    async def scenario() -> None:
        text = {"type": "Expression", "content": "@toUpper('deep')"}
        inner = [{"key": "k", "value": text}]
        value = [
            {"key": "object", "value": {"type": "Object", "content": inner}},
            {"key": "array", "value": {"type": "Array", "content": [text, "b"]}},
            {"key": "null", "value": {"type": "Null"}},
            {"key": "int", "value": {"type": "Int", "content": 42}},
        ]
        returns = {"variableName": "pipelineReturnValue", "setSystemVariable": True, "value": value}
        factory.pipeline("child", activity("return", "SetVariable", **returns))
        reference = {"referenceName": "child", "type": "PipelineReference"}
        factory.pipeline("parent", activity("call", "ExecutePipeline", pipeline=reference))

        run = await factory.run("parent")

        assert factory.activities(run["runId"])["call"]["output"]["pipelineReturnValue"] == {
            "object": {"k": "DEEP"},
            "array": ["DEEP", "b"],
            "null": None,
            "int": 42,
        }

    play(scenario)


def test_a_failure_tells_values_as_json(factory: LocalFactory) -> None:
    async def scenario() -> None:
        factory.pipeline("p", fail("broken", expression("@json('{\"a\": [true, null]}')")))

        assert (await factory.run("p"))["message"].endswith('failed: {"a":[true,null]}')

    play(scenario)


def test_runs_beyond_the_concurrency_wait_their_turn(factory: LocalFactory) -> None:
    """With concurrency 1 the second run is Queued until the first has ended."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 10), concurrency=1)
        first, second = factory.start("p"), factory.start("p")
        await factory.clock.settle()

        assert factory.run_of(second)["status"] == "Queued"

        await factory.finish(first)
        assert (await factory.finish(second))["status"] == "Succeeded"

    play(scenario)


def test_a_greater_concurrency_lets_nobody_overtake_who_waits(factory: LocalFactory) -> None:
    """Who was queued before the change would else wait as long as new runs keep coming."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 10), concurrency=1)
        _, second = factory.start("p"), factory.start("p")
        factory.pipeline("p", wait("w", 10), concurrency=2)
        third = factory.start("p")
        await factory.finish(third)

        assert factory.run_of(second)["status"] == "Succeeded"

    play(scenario)


def test_cancel_ends_a_run_and_its_activities(factory: LocalFactory) -> None:
    """What is under way is Cancelled, what waits in the queue too, and what is over cannot be cancelled."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 10), concurrency=1)
        first, second = factory.start("p"), factory.start("p")
        await factory.clock.settle()
        for run_id in (second, first):
            factory.service.engine.cancel(factory.id, run_id, recursive=False)
        await factory.clock.settle()

        assert [factory.run_of(one)["status"] for one in (first, second)] == ["Cancelled"] * 2
        assert factory.activities(first)["w"]["status"] == "Cancelled"
        with pytest.raises(BadRequest):
            factory.service.engine.cancel(factory.id, first, recursive=False)

    play(scenario)


def test_cancel_reaches_children_when_asked_to(factory: LocalFactory) -> None:
    """isRecursive cancels child runs; without it they go on."""

    async def scenario() -> None:
        factory.pipeline("child", wait("w", 10))
        reference = {"referenceName": "child", "type": "PipelineReference"}
        factory.pipeline("parent", activity("call", "ExecutePipeline", pipeline=reference))
        for recursive, expected in ((True, "Cancelled"), (False, "InProgress")):
            parent = factory.start("parent")
            await factory.clock.settle()
            child = factory.service.runs.all(factory.id)[-1]["runId"]
            factory.service.engine.cancel(factory.id, parent, recursive=recursive)
            await factory.clock.settle()

            assert factory.run_of(child)["status"] == expected
            assert factory.run_of(parent)["status"] == "Cancelled"

    play(scenario)


def test_a_rerun_from_failure_takes_over_what_succeeded(factory: LocalFactory) -> None:
    """Same group, new run id; only what failed and what depends on it runs again; expressions see the old
    output.
    """

    async def scenario() -> None:
        factory.pipeline(
            "p",
            activity("set", "SetVariable", variableName="v", value=expression("@pipeline().RunId")),
            wait("w", 0, after={"set": ["Succeeded"]}),
            fail("end", expression("@activity('set').output.value"), after={"w": ["Succeeded"]}),
            variables={"v": {"type": "String"}},
        )
        first = await factory.run("p")
        again = factory.start("p", rerun=Rerun(first["runId"], is_recovery=True, from_failure=True))

        second = await factory.finish(again)

        assert second["runGroupId"] == first["runId"] != second["runId"]
        assert second["message"].endswith(first["runId"])
        assert (factory.run_of(first["runId"])["isLatest"], second["isLatest"]) == (False, True)
        assert (
            factory.activities(again)["w"]["activityRunId"]
            == factory.activities(first["runId"])["w"]["activityRunId"]
        )

    play(scenario)


def test_a_rerun_finds_variables_as_what_it_takes_over_left_them(factory: LocalFactory) -> None:
    """Set at the top, in a loop and in a branch that is taken over whole; and the pipeline's return value."""

    async def scenario() -> None:
        append = activity("add", "AppendVariable", variableName="seen", value=expression("@item()"))
        told = {"type": "String", "content": "kept"}
        value = [{"key": "k", "value": told}]
        returns = {"variableName": "pipelineReturnValue", "setSystemVariable": True, "value": value}
        factory.pipeline(
            "p",
            activity("set", "SetVariable", variableName="v", value=expression("@pipeline().RunId")),
            activity("each", "ForEach", items=expression("@createArray('a', 'b')"), activities=[append]),
            activity("return", "SetVariable", **returns),
            fail(
                "end",
                expression("@concat(variables('v'), join(variables('seen'), '+'))"),
                after={"set": ["Succeeded"], "each": ["Succeeded"], "return": ["Succeeded"]},
            ),
            variables={"v": {"type": "String"}, "seen": {"type": "Array"}},
        )
        first = await factory.run("p")
        second = await factory.finish(factory.start("p", rerun=Rerun(first["runId"], True, None, True)))

        assert second["message"] == first["message"]
        assert second["message"].endswith(f"{first['runId']}a+b")
        assert second["_"]["returnValue"] == {"k": "kept"}

    play(scenario)


def test_a_rerun_from_an_activity_starts_there(factory: LocalFactory) -> None:
    """startActivityName runs it and all after it; an activity that is not there is refused."""

    async def scenario() -> None:
        factory.pipeline(
            "p",
            wait("a", 0),
            wait("b", 0, after={"a": ["Succeeded"]}),
            wait("c", 0, after={"b": ["Succeeded"]}),
        )
        first = await factory.run("p")
        second = await factory.finish(factory.start("p", rerun=Rerun(first["runId"], True, "b")))

        before, after = factory.activities(first["runId"]), factory.activities(second["runId"])
        same = {name for name in before if before[name]["activityRunId"] == after[name]["activityRunId"]}
        assert same == {"a"}
        with pytest.raises(BadRequest):
            factory.start("p", rerun=Rerun(first["runId"], True, "zzz"))
        with pytest.raises(ReferencedRunNotValid):
            factory.start("p", rerun=Rerun("no-such-run"))

    play(scenario)


def test_what_a_crash_left_is_failed_at_the_next_start(make_factory: Callable[..., LocalFactory]) -> None:
    """Nothing hangs InProgress: run and activity say that the local Azure stopped."""

    async def scenario() -> None:
        first = make_factory()
        first.create()
        first.pipeline("p", wait("w", 10))
        run_id = first.start("p")
        await first.clock.settle()
        await first.service.stop()
        again = make_factory()
        await again.service.start()

        assert again.run_of(run_id)["status"] == "Failed"
        assert again.run_of(run_id)["message"] == "the local Azure stopped while this ran"
        assert again.activities(run_id)["w"]["error"]["message"] == "the local Azure stopped while this ran"
        await again.service.stop()

    play(scenario)


def test_what_waited_for_its_turn_when_it_crashed_waits_on(make_factory: Callable[..., LocalFactory]) -> None:
    """It has done nothing: it runs at the next start, in the order it came, with what it was started with."""

    async def scenario() -> None:
        first = make_factory()
        first.create()
        said = wait("w", expression("@pipeline().parameters.seconds"))
        first.pipeline("p", said, concurrency=1, parameters={"seconds": {"type": "Int"}})
        interrupted, *queued = [first.start("p", {"seconds": seconds}) for seconds in (10, 20, 30)]
        await first.clock.settle()
        first.pipeline("p", fail("w"), concurrency=1, parameters={"seconds": {"type": "Int"}})
        await first.service.stop()
        again = make_factory()
        await again.service.start()
        await again.clock.settle()

        statuses = [again.run_of(run_id)["status"] for run_id in (interrupted, *queued)]
        assert statuses == ["Failed", "InProgress", "Queued"]
        ended = [await again.finish(run_id) for run_id in queued]
        assert [run["status"] for run in ended] == ["Succeeded"] * 2
        inputs = [again.activities(run_id)["w"]["input"] for run_id in queued]
        assert inputs == [{"waitTimeInSeconds": 20}, {"waitTimeInSeconds": 30}]
        await again.service.stop()

    play(scenario)


def test_a_child_that_waited_ends_with_its_interrupted_parent(
    make_factory: Callable[..., LocalFactory],
) -> None:
    """A rerun of the parent starts another child: this one must not run beside it."""

    async def scenario() -> None:
        first = make_factory()
        first.create()
        first.pipeline("child", wait("w", 10), concurrency=1)
        reference = {"referenceName": "child", "type": "PipelineReference"}
        first.pipeline("parent", activity("call", "ExecutePipeline", pipeline=reference))
        for pipeline in ("child", "parent"):
            first.start(pipeline)
        await first.clock.settle()
        await first.service.stop()
        again = make_factory()
        await again.service.start()

        assert [run["status"] for run in again.service.runs.all(again.id)] == ["Failed"] * 3
        await again.service.stop()

    play(scenario)


def test_what_somebody_had_cancelled_when_it_crashed_is_cancelled(
    make_factory: Callable[..., LocalFactory],
) -> None:
    """It was Canceling: Failed would make a trigger's retry policy run it again."""

    async def scenario() -> None:
        first = make_factory()
        first.create()
        first.pipeline("p", wait("w", 10))
        run_id = first.start("p")
        await first.clock.settle()
        first.service.engine.cancel(first.id, run_id, recursive=False)
        await first.service.stop()
        again = make_factory()
        await again.service.start()

        assert again.run_of(run_id)["status"] == "Cancelled"
        assert again.activities(run_id)["w"]["status"] == "Cancelled"
        await again.service.stop()

    play(scenario)


def test_inactive_activities_are_marked_as_they_say(factory: LocalFactory) -> None:
    """An inactive activity does nothing and has the status that it is given."""

    async def scenario() -> None:
        inactive = {**fail("off"), "state": "Inactive", "onInactiveMarkAs": "Succeeded"}
        factory.pipeline("p", inactive, wait("on", 0, after={"off": ["Succeeded"]}))

        assert (await factory.run("p"))["status"] == "Succeeded"

    play(scenario)


def test_a_run_cancelled_at_once_is_cancelled(factory: LocalFactory) -> None:
    """Between a run's start and its first activity there is no gap in which it can be lost."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60))
        run_id = factory.start("p")
        factory.service.engine.cancel(factory.id, run_id.upper(), recursive=False)

        await factory.clock.settle()

        assert factory.run_of(run_id)["status"] == "Cancelled"

    play(scenario)


def test_a_run_that_the_runtime_breaks_is_failed(factory: LocalFactory) -> None:
    """As a folder written by a later sandbox, with an activity that this one does not know; no run hangs."""

    async def scenario() -> None:
        factory.pipeline("p", wait("w", 60), concurrency=1)
        factory.service = Service.of(factory.context, {})

        runs = [await factory.run("p") for _ in range(2)]

        assert [run["status"] for run in runs] == ["Failed"] * 2
        assert "InternalError: KeyError" in runs[0]["message"]

    play(scenario)


def test_parts_of_a_policy_that_are_null_are_not_given(factory: LocalFactory) -> None:
    """SDK models write what is not set as null."""

    async def scenario() -> None:
        nothing = {"timeout": None, "retry": None, "retryIntervalInSeconds": None}
        factory.pipeline(
            "p",
            activity(
                "web", "WebActivity", policy=nothing, method="GET", url="@concat('http://example', '.org')"
            ),
        )

        run = await factory.run("p")

        assert factory.activities(run["runId"])["web"]["error"]["errorCode"] == "2108"

    play(scenario)


def test_runs_are_kept_for_forty_five_days(make_factory: Callable[..., LocalFactory]) -> None:
    """As by the service, with their activity runs; a start drops what is older."""

    async def scenario() -> None:
        factory = make_factory()
        factory.create()
        factory.store.put("/", "subscriptions", factory.id.subscription, {"subscriptionId": "sub"})
        factory.pipeline("p", wait("w", 0))
        old = await factory.run("p")
        await factory.clock.advance(days=44)
        young = await factory.run("p")
        await factory.clock.advance(days=2)

        await factory.service.start()

        assert [run["runId"] for run in factory.service.runs.all(factory.id)] == [young["runId"]]
        assert factory.service.runs.activity_runs(factory.id, old["runId"]) == []
        assert len(factory.service.runs.activity_runs(factory.id, young["runId"])) == 1
        await factory.service.stop()

    play(scenario)
