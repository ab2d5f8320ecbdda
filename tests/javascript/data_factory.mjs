// Microsoft's JavaScript client of Data Factory against a local one: node data_factory.mjs NODE_MODULES
//
// CONTROL, TOKEN, SUBSCRIPTION and GROUP say where; NODE_EXTRA_CA_CERTS whom to trust. What was seen is printed.

import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const { CONTROL, TOKEN, SUBSCRIPTION, GROUP } = process.env;
const { DataFactoryManagementClient } = createRequire(join(process.argv[2], "script.js"))("@azure/arm-datafactory");
const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_000_000 }) };
const client = new DataFactoryManagementClient(credential, SUBSCRIPTION, {
  endpoint: CONTROL,
  retryOptions: { maxRetries: 0 },
});
const place = [GROUP, `adf-js-${Date.now()}`];
const EVER = { lastUpdatedAfter: new Date("2020-01-01"), lastUpdatedBefore: new Date("2100-01-01") };
const seen = {};

async function all(pages) {
  const found = [];
  for await (const one of pages) found.push(one.name);
  return found;
}

async function refusal(asking) {
  try {
    await asking;
    return null;
  } catch (error) {
    return [error.statusCode, error.code];
  }
}

async function finished(runId) {
  for (;;) {
    const run = await client.pipelineRuns.get(...place, runId);
    if (["Succeeded", "Failed", "Cancelled"].includes(run.status)) return run;
    await sleep(100);
  }
}

const factory = await client.factories.createOrUpdate(...place, {
  location: "westeurope",
  identity: { type: "SystemAssigned" },
  globalParameters: { limit: { type: "Int", value: 2 } },
});
seen.factory = [factory.location, factory.identity.type, factory.provisioningState, factory.globalParameters.limit];

await client.linkedServices.createOrUpdate(...place, "ls_lake", {
  properties: { type: "AzureBlobFS", url: "https://example.dfs.core.windows.net" },
});
await client.datasets.createOrUpdate(...place, "ds_json", {
  properties: {
    type: "Json",
    linkedServiceName: { type: "LinkedServiceReference", referenceName: "ls_lake" },
    location: { type: "AzureBlobFSLocation", fileSystem: "fs", fileName: "a.json" },
  },
});
await client.pipelines.createOrUpdate(...place, "each", {
  parameters: { names: { type: "Array" } },
  variables: { found: { type: "Array", defaultValue: [] }, kept: { type: "Array" } },
  activities: [
    {
      name: "each",
      type: "ForEach",
      isSequential: true,
      items: { type: "Expression", value: "@pipeline().parameters.names" },
      activities: [
        {
          name: "append",
          type: "AppendVariable",
          variableName: "found",
          value: { type: "Expression", value: "@concat(item(), pipeline().globalParameters.limit)" },
        },
      ],
    },
    {
      name: "return",
      type: "SetVariable",
      variableName: "kept",
      value: { type: "Expression", value: "@variables('found')" },
      dependsOn: [{ activity: "each", dependencyConditions: ["Failed"] }],
    },
  ],
});
const again = await client.pipelines.get(...place, "each");
seen.pipeline = [again.activities.map((one) => one.type), again.parameters.names.type];
seen.lists = [
  await all(client.pipelines.listByFactory(...place)),
  await all(client.datasets.listByFactory(...place)),
  await all(client.linkedServices.listByFactory(...place)),
];

const { runId } = await client.pipelines.createRun(...place, "each", { parameters: { names: ["a", "b"] } });
const run = await finished(runId);
seen.run = [run.status, run.invokedBy.invokedByType, run.runEnd instanceof Date];
const activities = await client.activityRuns.queryByPipelineRun(...place, runId, EVER);
seen.activities = activities.value.map((one) => [one.activityName, one.status]).sort();
const runs = await client.pipelineRuns.queryByFactory(...place, {
  ...EVER,
  filters: [{ operand: "PipelineName", operator: "Equals", values: ["each"] }],
});
seen.query = runs.value.map((one) => one.runId === runId);

await client.triggers.createOrUpdate(...place, "daily", {
  properties: {
    type: "ScheduleTrigger",
    recurrence: { frequency: "Day", interval: 1, startTime: new Date("2026-11-01T00:00:00Z"), timeZone: "UTC" },
    pipelines: [
      { pipelineReference: { type: "PipelineReference", referenceName: "each" }, parameters: { names: [] } },
    ],
  },
});
const polled = { updateIntervalInMs: 100 };
await client.triggers.beginStartAndWait(...place, "daily", polled);
seen.started = (await client.triggers.get(...place, "daily")).properties.runtimeState;
seen.edited = await refusal(client.triggers.delete(...place, "daily"));
await client.triggers.beginStopAndWait(...place, "daily", polled);
await client.triggers.delete(...place, "daily");
seen.gone = await refusal(client.triggers.get(...place, "daily"));
seen.referenced = await refusal(client.linkedServices.delete(...place, "ls_lake"));
await client.factories.delete(...place);
seen.deleted = await refusal(client.factories.get(...place));
console.log(JSON.stringify(seen));
