/**
 * Copies the data folder of a server, running or not, so that a server can be started on the copy: the database as of one
 * moment, then the files that it names, which never change once they are there. `npm run backup -- FOLDER`.
 * What is in FOLDER already is not copied again; its database is replaced last, when all else is there.
 */
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rename, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { main, say, Trouble } from "./words.mjs";

/** What a server makes anew: sockets, locks, caches, and what its processes said. */
const LEFT_OUT = /^(easel\.db.*|lock\.db.*|server\.sock.*|cache|incoming|processes)$|\.partial$/;

await main(async () => {
  const from = resolve(process.env.EASEL_DATA || join(homedir(), ".local", "share", "easel"));
  const to = process.argv[2] && resolve(process.argv[2]);
  if (!to) throw new Trouble("name the folder that the copy goes to: npm run backup -- FOLDER");
  if (!existsSync(join(from, "easel.db")))
    throw new Trouble(`${from} holds no Easel data: set EASEL_DATA to its folder.`);
  if (`${to}/`.startsWith(`${from}/`)) throw new Trouble(`${to} lies in the data folder itself: name another.`);
  await mkdir(to, { recursive: true });
  // It holds tokens and keys.
  await chmod(to, 0o700);
  const partial = join(to, "easel.db.partial");
  const database = new Database(join(from, "easel.db"), { readonly: true, fileMustExist: true });
  await database.backup(partial);
  database.close();
  const { files, bytes } = await copyNew(from, to, LEFT_OUT);
  await rename(partial, join(to, "easel.db"));
  say(`Backed up ${from} to ${to}: the database, and ${files} new files of ${Math.ceil(bytes / 1e6)} MB.`);
});

async function copyNew(from, to, leftOut = /\.partial$/) {
  const sum = { files: 0, bytes: 0 };
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (leftOut.test(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      const inner = await copyNew(source, target);
      sum.files += inner.files;
      sum.bytes += inner.bytes;
    } else if (entry.isFile()) {
      const { size } = await stat(source);
      if ((await stat(target).catch(() => undefined))?.size === size && entry.name !== "token") continue;
      await copyFile(source, `${target}.partial`);
      await rename(`${target}.partial`, target);
      sum.files += 1;
      sum.bytes += size;
    }
  }
  return sum;
}
