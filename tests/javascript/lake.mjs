// Microsoft's JavaScript client of the Data Lake against a local one: node lake.mjs NODE_MODULES
//
// ACCOUNT is the account's address, TOKEN opens it; NODE_EXTRA_CA_CERTS says whom to trust. What was seen is
// printed. Its move() is not tried: it drops an account that stands in the address's path, as local ones do.

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

const { ACCOUNT, TOKEN } = process.env;
const { DataLakeServiceClient } = createRequire(join(process.argv[2], "script.js"))("@azure/storage-file-datalake");
const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_000_000 }) };
const service = new DataLakeServiceClient(ACCOUNT, credential, { retryOptions: { maxTries: 1 } });
const files = service.getFileSystemClient(`javascript${Date.now()}`);
const seen = {};

async function refusal(asking) {
  try {
    await asking;
    return null;
  } catch (error) {
    return [error.statusCode, error.code ?? error.details?.errorCode];
  }
}

async function paths(options) {
  const found = [];
  for await (const one of files.listPaths(options)) found.push(one.name);
  return found;
}

await files.create();
const folder = files.getDirectoryClient("in put/ä");
await folder.create();
const file = folder.getFileClient("a b.txt");
await file.create({ metadata: { window: "one" } });
await file.append("hello ", 0, 6);
await file.append("lake", 6, 4);
await file.flush(10);
seen.text = (await file.readToBuffer()).toString();
const properties = await file.getProperties();
seen.properties = [properties.contentLength, properties.metadata, properties.isDirectory ?? false];

const content = Buffer.alloc(9 * 1024 * 1024, "0123456789");
const large = files.getFileClient("large.bin");
await large.upload(content, { chunkSize: 4 * 1024 * 1024 });
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
seen.large = digest(await large.readToBuffer()) === digest(content);
seen.range = (await large.readToBuffer(5, 10)).toString();

seen.exists = await refusal(large.create({ conditions: { ifNoneMatch: "*" } }));
seen.changed = await refusal(large.setMetadata({ a: "b" }, { conditions: { ifMatch: '"0x1"' } }));
await large.setMetadata({ a: "b" });
seen.metadata = (await large.getProperties()).metadata;

seen.recursive = await paths({ recursive: true });
seen.level = await paths({ recursive: false });
seen.missing = await refusal(files.getFileClient("none").readToBuffer());

const lease = file.getDataLakeLeaseClient();
await lease.acquireLease(15);
seen.leased = await refusal(file.deleteIfExists());
await lease.releaseLease();
await files.getDirectoryClient("in put").delete(true);
await files.delete();
seen.deleted = await files.exists();
console.log(JSON.stringify(seen));
