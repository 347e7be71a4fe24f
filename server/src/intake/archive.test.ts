import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { HttpError } from "../errors.ts";
import { makePicture, makeTar, makeZip, type ZipPart } from "../testing/archives.ts";
import { listDataFiles, makeWorld } from "../testing/world.ts";
import { readArchive } from "./archive.ts";

const PNG = await makePicture("png");
const JPEG = await makePicture("jpeg", 64, 2);
const WEBP = await makePicture("webp");
const GIF = await makePicture("gif");
const TINY = await makePicture("png", 15);
const zeros = (megabytes: number) => Buffer.alloc(megabytes * 1_000_000);
const picture: ZipPart = { name: "good.png", data: PNG };

async function read(archive: Uint8Array) {
  const { context } = await makeWorld();
  const blob = await context.blobs.write(Readable.from([archive]), 1e9);
  return { context, blob, result: readArchive(context, blob.sha256) };
}

/** Reads back what Python will read: the stored bytes of an entry of the canonical archive. */
async function readCanonical(archive: Uint8Array) {
  const { context, result } = await read(archive);
  const canonical = await result;
  const bytes = Buffer.concat(await Readable.from(context.blobs.open(canonical.sha256)).toArray());
  expect(bytes.length).toBe(canonical.size);
  const entry = (name: string) => {
    const start = bytes.indexOf(name) + name.length;
    return bytes.subarray(start, start + bytes.readUInt32LE(start - name.length - 12));
  };
  return { canonical, entry };
}

const names = (list: { name: string }[]) => list.map(({ name }) => name);

describe("refused whole, by name and with a way out, and nothing is left behind", () => {
  const parts = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `${index}.png`, data: PNG }));
  const good = makeZip([picture, { name: "two.png", data: JPEG }]);
  const escaping = /leads out of it, ".*"\. Make a zip/;
  const harm = /made to do harm/;
  const damaged = /damaged or cut off\. Make it again/;

  test.each<[string, Uint8Array | Promise<Uint8Array>, RegExp]>([
    ["a path above the folder", makeZip([picture, { name: "../../evil.png", data: PNG }]), escaping],
    ["a path that turns back", makeZip([{ name: "a/b/../../../evil.png", data: PNG }]), escaping],
    ["an absolute path", makeZip([{ name: "/etc/evil.png", data: PNG }]), escaping],
    ["a drive", makeZip([{ name: "C:\\evil.png", data: PNG }]), escaping],
    ["backslashes that lead out", makeZip([{ name: "..\\evil.png", data: PNG }]), escaping],
    ["a tar's path above the folder", makeTar([{ name: "../evil.png", data: PNG }]), escaping],
    ["a tar's absolute path", makeTar([{ name: "/etc/evil.png", data: PNG }]), escaping],
    ["a folder that leads out", makeTar([{ name: "../", type: "directory" }]), escaping],
    [
      "a bomb",
      makeZip([picture, { name: "bomb.png", data: zeros(20) }]),
      /"bomb.png" unpacks to over 100 times its size/,
    ],
    [
      "a bomb in small pieces",
      makeZip(parts(60).map(({ name }) => ({ name, data: Buffer.alloc(900_000) }))),
      /The archive unpacks to over 100 times/,
    ],
    ["a bomb in a tar.gz", makeTar([{ name: "bomb.png", data: zeros(20) }], { gzip: true }), harm],
    ["a bomb of gzip alone", gzipSync(zeros(20)), harm],
    [
      "an entry over the limit",
      makeZip([{ name: "big.png", data: PNG, claims: { unpacked: 100_000_001 } }]),
      /"big.png" unpacks to more than 100MB/,
    ],
    [
      "a total over the limit",
      makeZip(parts(21).map(({ name }) => ({ name, packed: zeros(1), claims: { unpacked: 99_000_000 } }))),
      /The archive unpacks to more than 2GB/,
    ],
    ["1001 entries", makeZip(parts(1001)), /over 1000 entries\. Choose fewer/],
    [
      "1001 entries of a tar",
      makeTar(Array.from({ length: 1001 }, (_, index) => ({ name: `${index}.md` }))),
      /over 1000 entries/,
    ],
    ["a count of 60,000", makeZip([picture], { count: 60_000 }), /over 1000 entries/],
    ["a count that is too high", makeZip([picture], { count: 2 }), damaged],
    ["a password", makeZip([{ ...picture, flags: 1 }]), /encrypted\. Make one without a password/],
    ["strong encryption", makeZip([{ ...picture, flags: 0x41 }]), /encrypted/],
    [
      "two entries with the same bytes",
      makeZip([picture, { name: "b.png", data: PNG, claims: { headerStart: 0 } }]),
      /share the same bytes, "good.png" and "b.png"/,
    ],
    [
      "an entry inside another",
      makeZip([
        { name: "outer.png", data: makeZip([{ name: "i.png", data: PNG }]), method: 0 },
        { name: "i.png", data: PNG, claims: { headerStart: 39 } },
      ]),
      /share the same bytes/,
    ],
    [
      "bytes that overlap the next entry",
      makeZip([
        { ...picture, claims: { packed: PNG.length + 300 } },
        { name: "b.png", data: JPEG },
      ]),
      /share the same bytes/,
    ],
    [
      "a size below the truth",
      makeZip([{ ...picture, claims: { unpacked: 100 } }]),
      /"good.png" has not the size that the archive says/,
    ],
    [
      "a size far below the truth",
      makeZip([{ name: "good.png", data: zeros(2), claims: { unpacked: 100, checksum: 1 } }]),
      /"good.png" has not the size/,
    ],
    ["a size above the truth", makeZip([{ ...picture, claims: { unpacked: 100_000 } }]), /"good.png" has not the size/],
    ["bytes beyond the end", makeZip([{ ...picture, claims: { packed: 1_000_000 } }]), damaged],
    ["a zip without its end", good.subarray(0, -30), damaged],
    ["half a zip", good.subarray(0, good.length / 2), damaged],
    [
      "half a tar.gz",
      makeTar([{ name: "good.png", data: PNG }], { gzip: true }).then((tar) => tar.subarray(0, -30)),
      damaged,
    ],
    ["half a tar", makeTar([{ name: "good.png", data: PNG }]).then((tar) => tar.subarray(0, 800)), damaged],
    ["a zip in parts", makeZip([picture], { disk: 1 }), /one part of several/],
    ["nothing", Buffer.alloc(0), /That is an empty file, not an archive/],
    ["an empty zip", makeZip([]), /The archive is empty\. Put JPEG, PNG, WebP or AVIF/],
    ["an empty tar", Buffer.alloc(1024), /The archive is empty/],
    ["folders only", makeZip([{ name: "photos/" }]), /The archive is empty/],
    [
      "litter only",
      makeZip([
        { name: "__MACOSX/._a.png", data: PNG },
        { name: ".DS_Store", data: PNG },
      ]),
      /no picture that can be read: "__MACOSX\/._a.png" is left by the operating system/,
    ],
    [
      "no picture",
      makeZip([{ name: "readme.md", data: Buffer.from("hello") }]),
      /"readme.md" is no picture\. Put JPEG/,
    ],
    ["one damaged picture", makeZip([{ name: "a.png", data: PNG.subarray(0, -20) }]), /"a.png" is damaged/],
    ["a text", Buffer.from("hello"), /That is not an archive that can be read/],
    ["a picture", PNG, /That is a picture \(PNG\), not an archive/],
    [
      "a RAR called zip",
      Buffer.from("Rar!\x1a\x07\x01\x00", "latin1"),
      /That is a RAR archive, not an archive that can be read\. Make a zip/,
    ],
    ["a 7z called zip", Buffer.from("7z\xbc\xaf\x27\x1c", "latin1"), /a 7z archive/],
    ["a web page", Buffer.from("<!DOCTYPE html><html>"), /a web page/],
    ["a gzip of a text", gzipSync("hello ".repeat(200)), /holds no tar archive/],
  ])("%s", async (_what, archive, words) => {
    const { context, blob, result } = await read(await archive);
    const refusal = await result.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(refusal instanceof HttpError)) throw refusal ?? new Error("not refused");
    expect(refusal).toMatchObject({ status: 422, title: "Input validation failed" });
    expect(refusal.invalidFields).toEqual([
      { type: "archive", field: "input.input_images", description: expect.stringMatching(words) },
    ]);
    expect(await listDataFiles(context)).toEqual([`blobs/${blob.sha256.slice(0, 2)}/${blob.sha256}`]);
  });
});

describe("passed over and said, while the good ones are kept", () => {
  const flipped = Buffer.from(makeZip([picture]));
  const middle = flipped.indexOf("good.png") + 60;
  flipped[middle] = (flipped[middle] ?? 0) ^ 0xff;
  const packed = flipped.subarray(flipped.indexOf("good.png") + 8, flipped.indexOf("PK\x01\x02", 0, "latin1"));

  test.each<[string, ZipPart, RegExp]>([
    ["a link", { name: "link.png", data: Buffer.from("/etc/passwd"), mode: 0o120777 }, /a link/],
    ["a device", { name: "device", mode: 0o020666 }, /not a regular file/],
    ["a zip in the zip", { name: "inner.zip", data: makeZip([picture]) }, /an archive/],
    ["a drawing", { name: "a.svg", data: Buffer.from('<?xml version="1.0"?>\n<svg xmlns="x"/>') }, /an SVG drawing/],
    ["a drawing called PNG", { name: "a.png", data: Buffer.from("<svg/>") }, /an SVG drawing/],
    ["an HEIC", { name: "a.heic", data: Buffer.from("\0\0\0\x18ftypheic") }, /an HEIC picture/],
    ["a video", { name: "a.mov", data: Buffer.from("\0\0\0\x18ftypqt  ") }, /a video/],
    ["a GIF", { name: "a.gif", data: GIF }, /a GIF/],
    ["an empty file", { name: "a.png" }, /an empty file/],
    ["a cut PNG", { name: "a.png", data: PNG.subarray(0, PNG.length - 30) }, /damaged/],
    ["a cut JPEG", { name: "a.jpg", data: JPEG.subarray(0, JPEG.length * 0.8) }, /damaged/],
    [
      "a picture damaged in the zip",
      { name: "a.png", data: PNG, packed, claims: { packed: packed.length } },
      /damaged in the archive/,
    ],
    ["a wrong checksum", { name: "a.png", data: PNG, claims: { checksum: 1 } }, /damaged in the archive: its checksum/],
    ["a method that is not read", { name: "a.png", data: PNG, packed: PNG, method: 14 }, /method that is not read/],
    ["a tiny picture", { name: "a.png", data: TINY }, /smaller than 16 pixels/],
    ["a hidden file", { name: "photos/.a.png", data: PNG }, /hidden/],
    ["a hidden folder", { name: ".git/a.png", data: PNG }, /hidden/],
    ["Windows' litter", { name: "x/Thumbs.db", data: PNG }, /operating system/],
    ["a text beside nothing", { name: "readme.txt", data: Buffer.from("x") }, /a text with no picture of its name/],
    ["an endless caption", { name: "good.txt", data: Buffer.alloc(100_001, "x") }, /too long/],
  ])("%s", async (_what, part, reason) => {
    const { canonical } = await readCanonical(makeZip([picture, part]));
    expect(names(canonical.images)).toEqual(["good.png"]);
    expect(canonical.skipped).toMatchObject([{ name: part.name, reason: expect.stringMatching(reason) }]);
  });

  test("links and specials of a tar, whatever they point to", async () => {
    const archive = await makeTar([
      { name: "soft", type: "symlink", linkname: "/etc/passwd" },
      { name: "hard", type: "link", linkname: "../../x" },
      { name: "pipe", type: "fifo" },
      { name: "notes.md", data: Buffer.alloc(300_000, "x") },
      { name: "good.png", data: PNG },
    ]);
    const { canonical } = await readCanonical(archive);
    expect(names(canonical.skipped)).toEqual(["soft", "hard", "pipe", "notes.md"]);
    expect(names(canonical.images)).toEqual(["good.png"]);
  });
});

describe("read right", () => {
  test("the canonical archive holds the bytes under our names, and says where they came from", async () => {
    const { canonical, entry } = await readCanonical(
      makeZip([
        { name: "my photos/A b.PNG", data: PNG },
        { name: "wrong.png", data: JPEG },
      ]),
    );
    expect(canonical.images).toMatchObject([
      { file: "0001.png", name: "my photos/A b.PNG", size: PNG.length },
      { file: "0002.jpg", name: "wrong.png", size: JPEG.length },
    ]);
    expect(entry("0001.png").equals(PNG)).toBe(true);
    expect(entry("0002.jpg").equals(JPEG)).toBe(true);
    const { images, captions, skipped } = canonical;
    expect(JSON.parse(entry("manifest.json").toString())).toEqual({ images, captions, skipped });
  });

  test.each<[string, Uint8Array | Promise<Uint8Array>, string[]]>([
    [
      "names that differ in case",
      makeZip([
        { name: "a.png", data: PNG },
        { name: "A.png", data: JPEG },
      ]),
      ["a.png", "A.png"],
    ],
    ["one name twice", makeZip([picture, { ...picture, data: JPEG }]), ["good.png", "good.png"]],
    [
      "one basename in two folders",
      makeZip([
        { name: "a/1.png", data: PNG },
        { name: "b/1.png", data: PNG },
      ]),
      ["a/1.png", "b/1.png"],
    ],
    ["names of any script", makeZip([{ name: "狐/ёж 🦊.png", data: PNG }]), ["狐/ёж 🦊.png"]],
    ["UTF-8 that is not declared", makeZip([{ name: Buffer.from("größe.png"), data: PNG }]), ["größe.png"]],
    ["code page 437", makeZip([{ name: Buffer.from("gr\x94\xe1e.png", "latin1"), data: PNG }]), ["größe.png"]],
    ["Windows' backslashes", makeZip([{ name: "photos\\a.png", data: PNG }]), ["photos/a.png"]],
    ["a name that would garble a log", makeZip([{ name: "a\n\x1b[31mb.png", data: PNG }]), ["a\ufffd\ufffd[31mb.png"]],
    [
      "sizes after the data",
      makeZip([
        { ...picture, withDescriptor: true },
        { name: "b.png", data: JPEG, withDescriptor: true },
      ]),
      ["good.png", "b.png"],
    ],
    ["stored entries", makeZip([{ ...picture, method: 0 }]), ["good.png"]],
    ["a WebP", makeZip([{ name: "a.webp", data: WEBP }]), ["a.webp"]],
    [
      "a tar",
      makeTar([
        { name: "./a/", type: "directory" },
        { name: "./a/b.png", data: PNG },
      ]),
      ["a/b.png"],
    ],
    [
      "a tar.gz",
      makeTar(
        [
          { name: "a.png", data: PNG },
          { name: "b.jpg", data: JPEG },
        ],
        { gzip: true },
      ),
      ["a.png", "b.jpg"],
    ],
    ["long names of a tar", makeTar([{ name: `${"ü".repeat(200)}/a.png`, data: PNG }]), [`${"ü".repeat(200)}/a.png`]],
    ["a tar of before ustar", makeTar([{ name: "a.png", data: PNG }]).then(asOldTar), ["a.png"]],
    [
      "a thousand entries",
      makeZip([picture, ...Array.from({ length: 999 }, (_, i) => ({ name: `${i}.md` }))]),
      ["good.png"],
    ],
  ])("%s", async (_what, archive, expected) => {
    expect(names((await readCanonical(await archive)).canonical.images)).toEqual(expected);
  });

  test("captions in a table and beside the pictures", async () => {
    const table = Buffer.from("caption,image_file\na fox,a.png\n");
    const { canonical, entry } = await readCanonical(
      makeZip([
        { name: "set/a.txt", data: Buffer.from("a red fox") },
        { name: "set/Caption.CSV", data: table },
        { name: "other/captions.csv", data: table },
        { name: "set/a.png", data: PNG },
        { name: "set/a.jpg", data: JPEG },
        { name: "other/a.jpg", data: JPEG },
      ]),
    );
    expect(canonical.captions).toEqual([
      { file: "captions.csv", name: "set/Caption.CSV" },
      { file: "0001.txt", name: "set/a.txt" },
      { file: "0002.txt", name: "set/a.txt" },
    ]);
    expect(entry("captions.csv").equals(table)).toBe(true);
    expect(entry("0002.txt").toString()).toBe("a red fox");
    expect(canonical.skipped).toMatchObject([
      { name: "other/captions.csv", reason: "only one table of captions is read, set/Caption.CSV" },
    ]);
  });

  test("the same pictures give the same bytes, and are read once", async () => {
    const archive = makeZip([picture, { name: "b.jpg", data: JPEG }]);
    const first = await read(archive);
    const canonical = await first.result;
    expect(await (await read(archive)).result).toEqual(canonical);
    const before = await listDataFiles(first.context);
    expect(await readArchive(first.context, first.blob.sha256)).toEqual(canonical);
    expect(await listDataFiles(first.context)).toEqual(before);
  });
});

test("whatever byte is flipped, the answer is a result or a refusal, and nothing partial stays", async () => {
  const { context } = await makeWorld();
  const zip = makeZip([picture, { name: "good.txt", data: Buffer.from("a caption") }]);
  let random = 1;
  for (let round = 0; round < 1000; round++) {
    random = (random * 48_271) % 2_147_483_647;
    const damaged = Buffer.from(zip);
    const at = random % zip.length;
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (random % 7));
    const blob = await context.blobs.write(Readable.from([damaged]), 1e9);
    const error = await readArchive(context, blob.sha256).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== undefined) expect(error, `byte ${at}, round ${round}`).toBeInstanceOf(HttpError);
  }
  expect((await listDataFiles(context)).filter((path) => path.startsWith("incoming/"))).toEqual([]);
}, 120_000);

/** Without the format's name in the header, as tars were before 1988; its sum is made right again. */
function asOldTar(tar: Buffer): Buffer {
  tar.fill(0, 257, 265);
  tar.fill(" ", 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return tar;
}
