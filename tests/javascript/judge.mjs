// Microsoft's JavaScript client judges entities: node judge.mjs NODE_MODULES < [{kind, properties}, …]
//
// Each body is read and written again through the client's own mappers. What does not come back as it went in
// is reported, as JSON on stdout, a list of findings an entity: a property they do not know, a value of another
// type, a broken constraint, something required that is missing.
//
// The mappers are lenient by themselves: properties they do not know pass where "additional properties" are
// allowed, what is read-only is not written, and constraints are checked for arguments only. Here they are not.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = process.argv[2];
const { createSerializer } = createRequire(join(modules, "judge.js"))("@azure/core-client");
const source = readFileSync(join(modules, "@azure/arm-datafactory/dist-esm/src/models/mappers.js"));
const mappers = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const serializer = createSerializer(strict(mappers), false);
const resources = {
  linked_service: mappers.LinkedServiceResource,
  dataset: mappers.DatasetResource,
  pipeline: mappers.PipelineResource,
  trigger: mappers.TriggerResource,
};

function strict(mappers) {
  for (const mapper of Object.values(mappers)) {
    delete mapper.type?.additionalProperties;
    for (const property of Object.values(mapper.type?.modelProperties ?? {})) delete property.readOnly;
  }
  return mappers;
}

const write = serializer.serialize.bind(serializer);
serializer.serialize = (mapper, value, name, options) => {
  serializer.validateConstraints(mapper, value, name);
  return write(mapper, value, name, options);
};

function findings({ kind, properties }) {
  const before = { properties };
  try {
    const read = serializer.deserialize(resources[kind], before, "body");
    return [...differences(before, serializer.serialize(resources[kind], read, "body"), "")];
  } catch (error) {
    return [error.message];
  }
}

function* differences(before, after, path) {
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* differences(before[key], after[key], path ? `${path}.${key}` : key);
    }
  } else if (!same(before, after)) {
    yield `${path}: ${JSON.stringify(before)} comes back as ${JSON.stringify(after)}`;
  }
}

const isObject = (value) => value !== null && typeof value === "object";

/** Instants are equal however they are written. */
function same(before, after) {
  if (typeof before !== "string" || !/T.*\.000Z$/.test(after)) return before === after;
  return new Date(before).getTime() === new Date(after).getTime();
}

const entities = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(entities.map(findings)));
