/** Unpacks a zip that the server made. */
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import * as yauzl from "yauzl";

/** Writes the files of the zip into `folder`, over what is there by their names, and gives their paths in its order. */
export async function unzip(path: string, folder: string): Promise<string[]> {
  // yauzl refuses names that lead out of the folder.
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  const paths: string[] = [];
  await new Promise<void>((resolve, reject) => {
    zip.on("entry", (entry: yauzl.Entry) => {
      const target = join(folder, entry.fileName);
      paths.push(target);
      write(zip, entry, target).then(() => zip.readEntry(), reject);
    });
    zip.on("end", resolve).on("error", reject);
    zip.readEntry();
  });
  return paths;
}

async function write(zip: yauzl.ZipFile, entry: yauzl.Entry, target: string): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const bytes = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream))),
  );
  await pipeline(bytes, createWriteStream(target));
}
