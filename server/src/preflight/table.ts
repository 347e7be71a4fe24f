/**
 * A table of captions, `caption,image_file`, as spreadsheets and people write it. Reads the same as
 * models/sdxl/prepare/captions.py does, which trains on the result. Knows nothing of archives.
 */

/** Captions by the image that their row names; undefined when the first line does not name both columns. */
export function readCaptionTable(bytes: Uint8Array): Map<string, string> | undefined {
  const text = new TextDecoder().decode(bytes); // drops a byte order mark
  const header = text.slice(0, /[\r\n]|$/.exec(text)?.index);
  const [names = [], ...rows] = readRows(text, header.includes(";") && !header.includes(",") ? ";" : ",");
  const columns = names.map((name) => name.trim().toLowerCase());
  const [caption, file] = [columns.indexOf("caption"), columns.indexOf("image_file")];
  if (caption < 0 || file < 0) return undefined;
  const captions = new Map<string, string>();
  for (const row of rows) {
    const name = normalPath(row[file] ?? "");
    const words = oneLine(row[caption] ?? "");
    captions.delete(name);
    if (name !== "" && words !== "") captions.set(name, words);
  }
  return captions;
}

/** The row of an image: by its path, or by the longest end of it that a row names, down to the bare name. */
export function findRow(captions: ReadonlyMap<string, string>, name: string): string | undefined {
  for (let end = normalPath(name); ; end = end.slice(end.indexOf("/") + 1)) {
    if (captions.has(end)) return end;
    if (!end.includes("/")) return undefined;
  }
}

/** White space of any length and kind is one space. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function normalPath(name: string): string {
  return name
    .trim()
    .replaceAll("\\", "/")
    .replace(/^(?:\.\/)+/, "")
    .normalize("NFC");
}

/** Fields between delimiters; one in quotes may hold delimiters and line ends, and quotes written twice. */
function* readRows(text: string, delimiter: string): Generator<string[]> {
  let row: string[] = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') field += text[++at];
      else quoted = false;
    } else if (character === '"' && /^ *$/.test(field)) {
      quoted = true;
      field = "";
    } else if (character === delimiter) {
      row.push(field);
      field = "";
    } else if (character === "\n" || character === "\r") {
      if (character === "\r" && text[at + 1] === "\n") at++;
      yield [...row, field];
      row = [];
      field = "";
    } else field += character;
  }
  if (row.length > 0 || field !== "") yield [...row, field];
}
