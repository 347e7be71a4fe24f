/** What an account without a training sees: three steps to a first one, and a model that is trained already. */
import type { Prediction, Training } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { modelsQuery } from "../../models.ts";
import { buttonClass } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { DrawForm } from "../../parts/draw-form.tsx";
import { Page } from "../../parts/page.tsx";
import { RunRow } from "../../parts/run-row.tsx";
import images from "./images.webp";
import pictures from "./pictures.webp";
import training from "./training.webp";

/** Trained before, so that there is something to draw with at once. */
const EXAMPLE = { owner: "easel", name: "emoji-3d" };

export function Welcome({ running }: { running: (Training | Prediction)[] }) {
  const models = useQuery(modelsQuery);
  const hasExample = models.data?.some(({ owner, name }) => owner === EXAMPLE.owner && name === EXAMPLE.name);
  return (
    <Page title="Welcome" heading="Your first fine-tune" lead="Three steps, and a few minutes of this machine's time.">
      <div className="flex flex-col gap-4 sm:gap-6">
        {running.length > 0 && (
          <Card title="Running now">
            {running.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </Card>
        )}
        <ol className="grid gap-4 sm:gap-6 lg:grid-cols-3">
          <Step number={1} title="Images" picture={images}>
            Ten to twenty of one thing, one face or one style. Or begin with the sample set: sixteen emoji in 3D.
          </Step>
          <Step number={2} title="Training" picture={training}>
            You see every picture as it will be learnt, how far it is, and samples on the way.
          </Step>
          <Step number={3} title="Pictures" picture={pictures}>
            Write the word that it has learnt into a prompt: a TOK emoji of a fox.
          </Step>
        </ol>
        <div className="flex flex-wrap gap-3">
          <Link to="/create" search={{ sample: true }} className={buttonClass("primary", "large")}>
            Start with the sample set
          </Link>
          <Link to="/create" className={buttonClass("secondary", "large")}>
            Use my own images
          </Link>
        </div>
        {hasExample && (
          <Card title="Or draw at once">
            <p className="mb-4 text-sm text-soft">
              {EXAMPLE.owner}/{EXAMPLE.name} was trained on the sample set before it came here.
            </p>
            <DrawForm {...EXAMPLE} look="secondary" />
          </Card>
        )}
      </div>
    </Page>
  );
}

interface StepProps {
  number: number;
  title: string;
  /** Three tiles in a row, of which the words below say what they are. */
  picture: string;
  children: ReactNode;
}

function Step({ number, title, picture, children }: StepProps) {
  return (
    <li className="overflow-hidden rounded-lg border border-line bg-surface">
      <div className="bg-white px-4 py-3">
        <img src={picture} alt="" width={496} height={160} className="mx-auto h-auto w-full max-w-72" />
      </div>
      <div className="flex gap-4 p-5">
        <span
          aria-hidden="true"
          className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-wash font-semibold text-accent"
        >
          {number}
        </span>
        <div>
          <h2 className="font-semibold">{title}</h2>
          <p className="mt-1 text-sm text-soft">{children}</p>
        </div>
      </div>
    </li>
  );
}
