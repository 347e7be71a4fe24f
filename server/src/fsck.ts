/**
 * `node server/dist/fsck.js`: looks whether a data folder is as its database says, beside a running server or without one.
 * Ends with 1 where something is gone or damaged. The last line of stdout is JSON.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { openDb } from "./db.ts";
import { BlobStore } from "./files/blobs.ts";
import { checkFolder } from "./space/fsck.ts";

const config = readConfig();
const path = join(config.dataFolder, "easel.db");
if (!existsSync(path)) {
  console.error(`There is no data of Easel in ${config.dataFolder}. EASEL_DATA names another folder.`);
  process.exit(2);
}
const db = await openDb(path);
const checked = await checkFolder({ db, blobs: BlobStore.at(config.dataFolder), config, now: Date.now }, (files) => {
  if (files % 20 === 0) console.log(JSON.stringify({ files }));
});
await db.destroy();
console.log(JSON.stringify(checked));
process.exit(checked.faults.length === 0 ? 0 : 1);
