/** The API tab: this model and the present input, as a call in each language, and what each input means. */
import type { InputField, RunInput } from "@easel/contract";
import { useState } from "react";
import { plainInput } from "../../form-values.ts";
import { Card } from "../../parts/card.tsx";
import { Choice } from "../../parts/choice.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { Empty } from "../../parts/empty.tsx";
import { useModel } from "./model-context.tsx";
import { LANGUAGES, type Language, snippet } from "./snippets.ts";

export function Api() {
  const { version, reference, fields, values } = useModel();
  const [language, setLanguage] = useState<Language>("Command line");
  if (version === null) return <Empty title="Nothing to call yet">{reference} has no version yet.</Empty>;
  const input = { ...exampleInput(fields), ...plainInput(fields, values) };
  const code = snippet(language, { origin: window.location.origin, reference, version: version.id, input });
  return (
    <div className="flex flex-col gap-6">
      <Card title="Call it" actions={<CopyButton text={code} />}>
        <div className="flex flex-col gap-4">
          <Choice
            label="From"
            value={language}
            onChange={setLanguage}
            options={LANGUAGES.map((value) => ({ value, label: value }))}
          />
          <pre tabIndex={0} className="overflow-x-auto rounded-md bg-sunken p-4 font-mono text-xs leading-5">
            {code}
          </pre>
          <p className="text-sm text-soft">
            What stands in the Playground's form is filled in here. <code>EASEL_TOKEN</code> is an API token: make one
            on the Account page. The clients for Node and Python are Replicate's own.
          </p>
        </div>
      </Card>
      <Card title="Inputs">
        <ul className="flex flex-col divide-y divide-line">
          {fields.map((field) => (
            <li key={field.name} className="py-3 first:pt-0 last:pb-0">
              <p className="flex flex-wrap items-baseline gap-x-3">
                <code className="font-mono text-sm font-semibold">{field.name}</code>
                <span className="text-xs text-soft">
                  {[
                    field.isFile ? "file or URL" : field.type,
                    field.required ? "needed" : undefined,
                    field.default === undefined ? undefined : `default ${JSON.stringify(field.default)}`,
                    field.minimum === undefined ? undefined : `from ${field.minimum}`,
                    field.maximum === undefined ? undefined : `to ${field.maximum}`,
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </p>
              <p className="text-sm text-soft">{field.description}</p>
              {field.choices !== undefined && <p className="text-xs text-soft">{field.choices.join(", ")}</p>}
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

/** So that a snippet shows at least one input. */
function exampleInput(fields: InputField[]): RunInput {
  const prompt = fields.find(({ name }) => name === "prompt")?.default;
  return typeof prompt === "string" ? { prompt } : {};
}
