/** The preflight report: what of an archive will be trained on, what will not, and what its owner should do. Judges, reads nothing. */
import type { PreflightReport } from "@easel/contract";
import type { CanonicalArchive, ManifestImage, Skipped } from "../intake/manifest.ts";
import type { ArchiveRefused } from "../intake/refusal.ts";
import type { ArchiveCaptions, Caption } from "./captions.ts";
import { findAlike, findDuplicates } from "./likeness.ts";
import { containsWord } from "./trigger.ts";

const IMAGES_FEW = 5;
const IMAGES_MANY = 10;
const ENLARGED_MAX = 4;
const CROP_LOSS_MAX = 0.35;
const NAMES_MAX = 5;
const UNNAMED =
  'Say what the thing is, in a word or two that the base knows: a training starts from there. initial_word="teddy bear", say.';

/** What a training would be asked for. A model without a resolution of its own is not judged by one. */
export interface PreflightSettings {
  /** One for each concept; none where the model has no such input. */
  tokenStrings: string[];
  captionPrefix: string | undefined;
  resolution: number | undefined;
  /** One thing is shown, and nobody says which: the training will start from "object". */
  thingUnnamed: boolean;
  /** Masks will be made, by words or of faces. */
  masksMade: boolean;
}

export function reportRefusal(refusal: ArchiveRefused): PreflightReport {
  return {
    verdict: "blocked",
    used: [],
    skipped: refusal.skipped.map(presentSkipped),
    duplicates: [],
    captions: { csv: 0, txt: 0, made: 0 },
    trigger: { present: 0, total: 0, each: [] },
    advice: [refusal.description],
  };
}

export function reportArchive(
  archive: CanonicalArchive,
  captions: ArchiveCaptions,
  settings: PreflightSettings,
): PreflightReport {
  const duplicates = findDuplicates(archive.images);
  const alike = findAlike(archive);
  const used = archive.images.map((image) => {
    const caption = captions.byFile.get(image.file) ?? { text: null, source: "made" as const };
    const notes = [...image.notes, ...notesOn(image, caption, alike.get(image.file), settings)];
    const { name: file, sha256, width, height } = image;
    return { file, sha256, width, height, caption: caption.text, captionSource: caption.source, notes };
  });
  const count = (source: Caption["source"]) => used.filter(({ captionSource }) => captionSource === source).length;
  const present = used.filter(({ caption }) => !lacksTrigger(caption, settings)).length;
  const each = settings.tokenStrings.map((token_string) => ({
    token_string,
    present: used.filter(({ caption }) => caption !== null && containsWord(caption, token_string)).length,
  }));
  const severalConcepts = each.length > 1;
  const nameless = used.filter(({ caption }) => caption === null || lacksTrigger(caption, settings)).length;
  const blocking = [...refuseTable(captions.table), ...(severalConcepts ? refuseNameless(nameless, each) : [])];
  const attention = [
    ...adviseOnCount(used.length),
    ...adviseOnDuplicates(duplicates),
    ...adviseOnSize(archive, settings),
  ];
  return {
    verdict: blocking.length > 0 ? "blocked" : attention.length > 0 ? "needs attention" : "ready",
    used,
    skipped: archive.skipped.map(presentSkipped),
    duplicates: duplicates.map(([first, second]) => [first.name, second.name]),
    captions: { csv: count("csv"), txt: count("txt"), made: count("made") },
    trigger: { present, total: used.length, each: severalConcepts ? each : [] },
    advice: [
      ...blocking,
      ...attention,
      ...adviseOnMore(used.length),
      ...adviseOnLikeness(alike.size),
      ...adviseOnCrops(archive.images),
      ...adviseOnTable(captions.table),
      ...(severalConcepts ? [] : adviseOnTrigger(used.length - present, settings)),
      ...(settings.thingUnnamed ? [UNNAMED] : []),
      ...(settings.masksMade ? [] : adviseOnMasks(archive.images)),
    ],
  };
}

function presentSkipped({ name, reason, fix }: Skipped): PreflightReport["skipped"][number] {
  return { file: name, reason, fix };
}

function notesOn(
  image: ManifestImage,
  caption: Caption,
  alike: ManifestImage | undefined,
  settings: PreflightSettings,
): string[] {
  const factor = enlargement(image, settings);
  const loss = cropLoss(image);
  return [
    ...(factor > 1 ? [`enlarged ${factor.toFixed(1)} times`] : []),
    ...(loss > CROP_LOSS_MAX ? [`its square crop leaves out ${Math.round(loss * 100)} %`] : []),
    ...(alike === undefined ? [] : [`looks almost like ${alike.name}`]),
    ...(image.mask === undefined ? [] : ["masked by a picture of your own"]),
    ...noteOnTrigger(caption.text, settings),
  ];
}

/** Captions that are made begin with the prefix, which has the token string or gets it. */
function lacksTrigger(caption: string | null, { tokenStrings }: PreflightSettings): boolean {
  return caption !== null && tokenStrings.length > 0 && !tokenStrings.some((token) => containsWord(caption, token));
}

function noteOnTrigger(caption: string | null, settings: PreflightSettings): string[] {
  const [token, ...others] = settings.tokenStrings;
  if (token === undefined) return [];
  if (others.length > 0)
    return caption === null || lacksTrigger(caption, settings)
      ? ["no caption of its own says which concept it shows"]
      : [];
  return lacksTrigger(caption, settings) ? [`${token} will be put in front of its caption`] : [];
}

/** How many times larger the square crop has to become. */
function enlargement({ width, height }: ManifestImage, { resolution }: PreflightSettings): number {
  return resolution === undefined ? 0 : resolution / Math.min(width, height);
}

/** The share of the picture that its largest square leaves out. */
function cropLoss({ width, height }: ManifestImage): number {
  return 1 - Math.min(width, height) / Math.max(width, height);
}

function adviseOnCount(count: number): string[] {
  if (count >= IMAGES_FEW) return [];
  const said = count === 1 ? "1 picture is too few" : `${count} pictures are too few`;
  return [`${said} to learn from: ${IMAGES_FEW} can do, 10 to 20 do better, each showing the subject in another way.`];
}

function adviseOnMore(count: number): string[] {
  if (count < IMAGES_FEW || count >= IMAGES_MANY) return [];
  return [`${count} pictures can do; 10 to 20, each another view, do better.`];
}

function adviseOnDuplicates(duplicates: readonly [ManifestImage, ManifestImage][]): string[] {
  if (duplicates.length === 0) return [];
  const pairs = duplicates.map(([first, second]) => `${second.name} is ${first.name}`);
  return [`Leave out what is there twice, or it counts double: ${listed(pairs)}.`];
}

function adviseOnSize({ images }: CanonicalArchive, settings: PreflightSettings): string[] {
  const small = images.filter((image) => enlargement(image, settings) > ENLARGED_MAX);
  if (small.length * 2 <= images.length) return [];
  return [
    `${small.length} of ${images.length} pictures have to be enlarged over ${ENLARGED_MAX} times. Use larger versions of them, ` +
      `or train at less than resolution=${settings.resolution}.`,
  ];
}

function adviseOnLikeness(count: number): string[] {
  if (count === 0) return [];
  return [`${counted(count, "picture looks", "pictures look")} almost like another: different views teach more.`];
}

function adviseOnCrops(images: readonly ManifestImage[]): string[] {
  const count = images.filter((image) => cropLoss(image) > CROP_LOSS_MAX).length;
  if (count === 0) return [];
  return [
    `${counted(count, "picture loses", "pictures lose")} over a third to the square crop. Where that cuts off what matters, crop it yourself.`,
  ];
}

/** Whoever wrote captions wants them used: a training without them would be another than was asked for. */
function refuseTable(table: ArchiveCaptions["table"]): string[] {
  if (table === undefined || table.readable) return [];
  return [
    `${table.name} cannot be read: its first line must name the columns caption,image_file. Mend it, or leave it out.`,
  ];
}

function adviseOnTable(table: ArchiveCaptions["table"]): string[] {
  if (table === undefined || table.rowsWithoutImage.length === 0) return [];
  return [`${table.name} has rows for what is not among the pictures: ${listed(table.rowsWithoutImage)}.`];
}

/** Which of several concepts a picture shows, only its caption can say. */
function refuseNameless(nameless: number, each: PreflightReport["trigger"]["each"]): string[] {
  const names = each.map(({ token_string }) => token_string).join(", ");
  return [
    ...(nameless === 0
      ? []
      : [
          `${counted(nameless, "picture has", "pictures have")} no caption that names one of ${names}: write one for each.`,
        ]),
    ...each.filter(({ present }) => present === 0).map(({ token_string }) => `No caption names ${token_string}.`),
  ];
}

function adviseOnTrigger(lacking: number, { tokenStrings: [tokenString], captionPrefix }: PreflightSettings): string[] {
  if (tokenString === undefined) return [];
  const prefix = captionPrefix !== undefined && !containsWord(captionPrefix, tokenString);
  return [
    ...(lacking === 0
      ? []
      : [`${counted(lacking, "caption lacks", "captions lack")} ${tokenString}, which will be put in front of each.`]),
    ...(prefix ? [`caption_prefix lacks ${tokenString}, which will be put in front of it.`] : []),
  ];
}

function adviseOnMasks(images: readonly ManifestImage[]): string[] {
  if (images.some(({ mask }) => mask !== undefined)) return [];
  return ['No masks: the whole of each picture is learnt. mask_target_prompts="…" limits it to what you name.'];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function listed(items: readonly string[]): string {
  const rest = items.length > NAMES_MAX ? `, and ${items.length - NAMES_MAX} more` : "";
  return items.slice(0, NAMES_MAX).join(", ") + rest;
}
