/** A preflight report as a person reads it: the verdict, what to do, then file by file. */
import type { PreflightReport } from "@easel/contract";
import { formatTable } from "./format.ts";
import type { Terminal } from "./terminal.ts";

const CAPTION_COLUMNS = 44;
/** What a name or a caption must not do to a terminal. */
const CONTROLS = /\p{Cc}/gu;

export function renderReport(
  report: PreflightReport,
  archive: string,
  model: string,
  { paint }: Pick<Terminal, "paint">,
): string {
  const sections = [
    renderVerdict(report, archive, paint),
    section(report.verdict === "ready" ? "Good to know" : "What to do", renderAdvice(report)),
    section("Not used", renderSkipped(report)),
    section("Pictures", renderUsed(report)),
    renderCaptions(report),
    report.verdict === "ready"
      ? `Train on it: easel train ${model} --destination you/toy input_images=@${archive}`
      : "",
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

function renderVerdict({ verdict, used }: PreflightReport, archive: string, paint: Terminal["paint"]): string {
  const pictures = `${used.length} ${used.length === 1 ? "picture" : "pictures"}`;
  switch (verdict) {
    case "ready":
      return `${paint.green("✓")} ${archive} is ready: ${pictures} to train on.`;
    case "needs attention":
      return `${paint.yellow("!")} ${archive} can be trained on, but needs attention first: ${pictures}.`;
    case "blocked":
      return `${paint.red("✗")} ${archive} cannot be trained on.`;
    default:
      return verdict satisfies never;
  }
}

function section(title: string, text: string): string {
  return text === "" ? "" : `${title}\n${text}`;
}

function renderAdvice({ advice }: PreflightReport): string {
  return advice.map((sentence) => `  · ${sentence.replace(CONTROLS, "")}`).join("\n");
}

/** What needs nothing done is only counted: an archive made on a Mac holds twice as many files as pictures. */
function renderSkipped({ skipped }: PreflightReport): string {
  const rows = skipped.flatMap(({ file, reason, fix }) => (fix === null ? [] : [[file, reason, `→ ${fix}`]]));
  const others = skipped.length - rows.length;
  const rest = others === 0 ? [] : [`  ${others} hidden or left by an operating system: nothing to do`];
  return [...(rows.length === 0 ? [] : [formatTable(rows, "  ")]), ...rest].join("\n");
}

function renderUsed({ used }: PreflightReport): string {
  const rows = used.map(({ file, width, height, caption, notes }) => [
    file,
    `${width} × ${height}`,
    caption === null ? "caption to be made" : `"${shorten(caption.replace(CONTROLS, ""))}"`,
    notes.join("; "),
  ]);
  return formatTable(rows, "  ");
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length > CAPTION_COLUMNS ? `${characters.slice(0, CAPTION_COLUMNS - 1).join("")}…` : text;
}

function renderCaptions({ captions: { csv, txt, made }, trigger, used }: PreflightReport): string {
  if (used.length === 0) return "";
  const yours = [...(csv > 0 ? [`${csv} from the table`] : []), ...(txt > 0 ? [`${txt} from texts`] : [])];
  const sources = [...yours, ...(made > 0 ? [`${made} to be made`] : [])].join(", ");
  const lacking = trigger.total - trigger.present;
  return `Captions: ${sources}.${lacking === 0 ? "" : ` The token string is put into ${lacking} of them.`}`;
}
