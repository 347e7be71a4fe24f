/** What the tabs of a model's page share: the model, the version in view, and what has been put into its form. */
import { type InputField, type Model, readInputFields, type Version } from "@easel/contract";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { client } from "../../client.ts";
import type { FormValue, FormValues } from "../../form-values.ts";

export const versionQuery = (owner: string, name: string, id: string) =>
  queryOptions({
    queryKey: ["models", owner, name, "versions", id],
    queryFn: () => client.versions.get(owner, name, id),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** How a version was trained; there is none of one that was not. */
export const cardQuery = (owner: string, name: string, id: string) =>
  queryOptions({
    queryKey: ["models", owner, name, "cards", id],
    queryFn: () => client.versions.card(owner, name, id),
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface ModelInView {
  model: Model;
  /** `owner/name`. */
  reference: string;
  version: Version | null;
  /** Inputs of a prediction in the schema's order; none where the model only trains. */
  fields: InputField[];
  canTrain: boolean;
  values: FormValues;
  setValue: (name: string, value: FormValue) => void;
  setValues: (values: FormValues) => void;
}

const InView = createContext<ModelInView | undefined>(undefined);

interface ProviderProps {
  model: Model;
  version: Version | null;
  children: ReactNode;
}

export function ModelProvider({ model, version, children }: ProviderProps) {
  const [values, setValues] = useState<FormValues>({});
  const inView = useMemo(
    () => ({
      model,
      reference: `${model.owner}/${model.name}`,
      version,
      fields: version === null ? [] : (readInputFields(version, "Input") ?? []),
      canTrain: version !== null && readInputFields(version, "TrainingInput") !== undefined,
    }),
    [model, version],
  );
  const setValue = (name: string, value: FormValue) => setValues((before) => ({ ...before, [name]: value }));
  return <InView value={{ ...inView, values, setValue, setValues }}>{children}</InView>;
}

/** Throws outside a model's page. */
export function useModel(): ModelInView {
  const inView = useContext(InView);
  if (inView === undefined) throw new Error("There is no model in view here.");
  return inView;
}

/** The card of the version in view; an error where it was not trained here. */
export function useCard() {
  const { model, version } = useModel();
  return useQuery({ ...cardQuery(model.owner, model.name, version?.id ?? ""), enabled: version !== null });
}
