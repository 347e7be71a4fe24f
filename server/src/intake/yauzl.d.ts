/** The part of yauzl 3 that its published types, which are of yauzl 2, do not know yet. */
import "yauzl";

declare module "yauzl" {
  interface Entry {
    fileNameRaw: Buffer;
  }
  interface ZipFile {
    eachEntry(): AsyncIterable<Entry>;
    readLocalFileHeaderPromise(entry: Entry, options: { minimal: true }): Promise<{ fileDataStart: number }>;
  }
  function openPromise(path: string, options: Options): Promise<ZipFile>;
  function fromRandomAccessReaderPromise(
    reader: RandomAccessReader,
    totalSize: number,
    options: Options,
  ): Promise<ZipFile>;
  function getFileNameLowLevel(flags: number, name: Buffer, extraFields: Entry["extraFields"], strict: boolean): string;
}
