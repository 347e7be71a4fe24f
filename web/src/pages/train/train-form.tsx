/** The form: images, six decisions, everything else under Advanced; then a look at every image, or straight on. */
import {
  ApiError,
  type Base,
  type InputField as Field,
  type Model,
  PreflightRequest,
  settleFields,
} from "@easel/contract";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useDeferredValue, useEffect, useState } from "react";
import { client } from "../../client.ts";
import { checkValues, type FormValues, plainInput } from "../../form-values.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { InputField } from "../../parts/input-field.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { aboutInWords } from "../../parts/time.tsx";
import { trainingsQuery } from "../../runs.ts";
import { useAccountName } from "../../session.ts";
import { Decisions, showsThing } from "./decisions.tsx";
import { type Draft, forgetDraft, useDraft } from "./draft.ts";
import type { Edits } from "./edits.ts";
import { estimate, type Work } from "./estimate.ts";
import { ImageBox } from "./image-box.tsx";
import { Review } from "./review.tsx";
import sample from "./sample.ts";
import { startTraining } from "./start.ts";
import { useImages } from "./use-images.ts";

interface TrainFormProps {
  base: Model;
  fields: Field[];
  models: Model[];
  /** What to begin with; what this tab has kept where it is undefined. */
  start: Draft | undefined;
  choice: ReactNode;
  /** The base, where its files are not on this machine. */
  missing: Base | undefined;
}

/** Inputs that have a place of their own on the page. */
const SHOWN_ABOVE = ["input_images", "edits", "token_string", "subject", "max_train_steps"];

export function TrainForm({ base, fields: declared, models, start, choice, missing: missingBase }: TrainFormProps) {
  const navigate = useNavigate();
  const account = useAccountName();
  const { draft, change } = useDraft(start);
  // What was chosen already decides what the other fields say when they are left empty.
  const fields = base.latest_version === null ? declared : settleFields(base.latest_version, declared, draft.values);
  const shownAbove = showsThing(fields, draft.values) ? [...SHOWN_ABOVE, "initial_word"] : SHOWN_ABOVE;
  const [opened, setOpened] = useState(draft.archive);
  const images = useImages(opened);
  const [isReviewing, setReviewing] = useState(false);
  const baseName = `${base.owner}/${base.name}`;

  const { fileUrl, name } = images;
  useEffect(() => {
    if (fileUrl === undefined) return;
    // The new model is called as its images are, until somebody calls it otherwise.
    change(({ newName, archive }) => ({
      archive: { url: fileUrl, name },
      newName: newName === "" || newName === slugOf(archive?.name ?? "") ? slugOf(name) : newName,
    }));
  }, [fileUrl, name, change]);

  const report = usePreflight(fileUrl, baseName, declared, draft.values);
  const trainings = useQuery(trainingsQuery);
  const defaults = workOf(fields, {});
  const work = workOf(fields, draft.values);
  const estimateFor = (steps: number) =>
    estimate(trainings.data?.results ?? [], baseName, { ...work, steps }, defaults);
  const expected = estimateFor(work.steps);

  const begin = useMutation({
    mutationFn: (edits: Edits) => startTraining({ ...draft, edits }, base, fields, account, fileUrl ?? ""),
    onSuccess: (training) => {
      forgetDraft();
      navigate({ to: "/p/$id", params: { id: training.id } });
    },
  });
  const invalid = begin.error instanceof ApiError ? begin.error.invalidFields : [];
  const unfit = checkValues(
    fields.filter(({ isFile }) => !isFile),
    draft.values,
  );
  const errors = { ...Object.fromEntries(invalid.map(({ field, description }) => [field, description])), ...unfit };
  const isBlocked = report.data === undefined || report.data.verdict === "blocked" || images.sending !== undefined;
  const missing =
    (missingBase && `${missingBase.title} is not installed.`) ??
    whatIsMissing(draft, fileUrl, images.sending !== undefined, report.data?.verdict) ??
    (Object.keys(unfit).length > 0 ? `Look at ${Object.keys(unfit).join(", ")}.` : undefined);

  if (isReviewing && fileUrl !== undefined) {
    return (
      <Review
        archiveUrl={fileUrl}
        entries={images.entries}
        report={report.data}
        values={draft.values}
        fields={fields}
        edits={draft.edits}
        onEdits={(edits) => change({ edits })}
        onBack={() => setReviewing(false)}
        onStart={(edits) => begin.mutate(edits)}
        isStarting={begin.isPending}
        error={begin.error}
      />
    );
  }
  return (
    <Page title="New training" lead="A handful of images and a word for them." actions={choice}>
      <div className="flex flex-col gap-4 sm:gap-6">
        {missingBase && (
          <Notice tone="warn" title={`${missingBase.title} is not on this machine`}>
            {`It needs ${missingBase.needs === "gpu" ? "an NVIDIA GPU" : "no GPU"}.${missingBase.fix === null ? "" : ` To get it: npx ${missingBase.fix}`}\neasel/emoji needs no download.`}
          </Notice>
        )}
        <ImageBox
          images={images}
          report={report.data}
          reportError={report.error}
          onSample={() => setOpened({ ...sample })}
        />
        <Card>
          <Decisions
            draft={draft}
            change={change}
            fields={fields}
            account={account}
            models={models.filter((model) => model.owner === account)}
            errors={errors}
            secondsOf={(steps) => estimateFor(steps)?.seconds}
          />
        </Card>
        <details className="rounded-lg border border-line bg-surface">
          <summary className="rounded-lg px-4 py-3 font-semibold sm:px-6">Advanced</summary>
          <div className="grid gap-x-6 gap-y-5 px-4 pt-2 pb-6 sm:grid-cols-2 sm:px-6">
            {fields
              .filter(({ name }) => !shownAbove.includes(name))
              .map((field) => (
                <InputField
                  key={field.name}
                  field={field}
                  value={draft.values[field.name]}
                  onChange={(value) => change({ values: { ...draft.values, [field.name]: value } })}
                  error={errors[field.name]}
                />
              ))}
          </div>
        </details>
        {begin.isError && <ErrorNotice error={begin.error} />}
        <div className="sticky bottom-0 -mx-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-t border-line bg-canvas/95 px-4 py-3 backdrop-blur sm:mx-0 sm:rounded-lg sm:border sm:px-6">
          <p className="text-sm text-soft" aria-live="polite">
            {missing ??
              (expected === undefined
                ? "How long it takes here is known after the first training."
                : `About ${aboutInWords(expected.seconds)} on this machine, going by ${expected.from === 1 ? "the last training" : `the last ${expected.from} trainings`}.`)}
          </p>
          <div className="flex flex-1 gap-2 *:flex-1 sm:flex-none">
            <Button disabled={isBlocked} onClick={() => setReviewing(true)}>
              Review images
            </Button>
            <Button
              look="primary"
              disabled={isBlocked || missing !== undefined}
              busy={begin.isPending}
              onClick={() => begin.mutate(draft.edits)}
            >
              Start training
            </Button>
          </div>
        </div>
      </div>
    </Page>
  );
}

const Settings = PreflightRequest.omit({ input_images: true, model: true }).partial();

/** What a training would make of the archive, asked anew when a setting changes that decides about it. */
function usePreflight(fileUrl: string | undefined, model: string, fields: Field[], values: FormValues) {
  const given = Object.entries(plainInput(fields, useDeferredValue(values)));
  // What cannot be is said at its field, and not asked about.
  const settings = Settings.parse(
    Object.fromEntries(given.filter(([name, value]) => Settings.safeParse({ [name]: value }).success)),
  );
  return useQuery({
    queryKey: ["preflight", fileUrl, model, settings],
    queryFn: () => client.preflight({ ...settings, input_images: fileUrl ?? "", model }),
    enabled: fileUrl !== undefined,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function workOf(fields: Field[], values: FormValues): Work {
  const number = (name: string) => Number(values[name] || fields.find((field) => field.name === name)?.default || 1);
  return { steps: number("max_train_steps"), batch: number("train_batch_size"), resolution: number("resolution") };
}

function whatIsMissing(draft: Draft, fileUrl: string | undefined, isSending: boolean, verdict: string | undefined) {
  if (isSending) return "The images are on their way.";
  if (fileUrl === undefined) return "Images first.";
  if (verdict === undefined) return "Looking at the images.";
  if (verdict === "blocked") return "These images cannot be trained on, as said above.";
  if (draft.destination === "" && draft.newName === "") return "The new model needs a name.";
  return undefined;
}

/** A name that a model may have, from a file's. */
function slugOf(fileName: string): string {
  return fileName
    .replace(/\.[^.]*$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
}
