/** One input of a version's schema as a field: its description as the hint, its bounds and choices as the control. */
import type { InputField as Schema } from "@easel/contract";
import { type FormValue, showValue } from "../form-values.ts";
import { CheckField, Field, inputClass, RangeField, SelectField, TextArea, TextField } from "./field.tsx";

interface InputFieldProps {
  field: Schema;
  value: FormValue;
  onChange: (value: FormValue) => void;
  error?: string;
  /** Instead of the input's name. */
  label?: string;
}

/** A slider shows what it can be set to; with more steps than this nobody hits the one that is meant. */
const SLIDER_STEPS_MAX = 400;

export function InputField({ field, value, onChange, error, label = field.name }: InputFieldProps) {
  const frame = { label, hint: hintOf(field), error };
  const text = typeof value === "string" ? value : "";
  const placeholder = String(showValue(field, field.default) ?? "");
  if (field.choices !== undefined) {
    const options = field.choices.map((choice) => ({ value: choice, label: choice }));
    return <SelectField {...frame} value={text || placeholder} onChange={onChange} options={options} />;
  }
  if (field.type === "boolean") {
    return (
      <CheckField {...frame} value={typeof value === "boolean" ? value : field.default === true} onChange={onChange} />
    );
  }
  if (field.isFile && field.type === "string") return <FileField frame={frame} value={value} onChange={onChange} />;
  const step = sliderStep(field);
  if (step !== undefined) {
    const { minimum = 0, maximum = 0, default: usual } = field;
    const shown = text === "" ? (typeof usual === "number" ? usual : minimum) : Number(text);
    return (
      <RangeField
        {...frame}
        min={minimum}
        max={maximum}
        step={step}
        value={shown}
        onChange={(next) => onChange(String(next))}
      />
    );
  }
  if (field.type === "array" || field.type === "object") {
    return <TextArea {...frame} value={text} onChange={onChange} placeholder={placeholder} />;
  }
  if (field.type === "string" && field.name.endsWith("prompt")) {
    return (
      <TextArea {...frame} value={text || (value === undefined ? placeholder : "")} onChange={onChange} rows={3} />
    );
  }
  const isNumber = field.type === "integer" || field.type === "number";
  return (
    <TextField
      {...frame}
      value={text}
      onChange={(next) => onChange(next === "" ? undefined : next)}
      placeholder={placeholder}
      inputMode={isNumber ? "decimal" : undefined}
    />
  );
}

function hintOf({ description, type, items }: Schema): string | undefined {
  const form =
    type === "array" && items !== "object" ? " One a line." : type === "object" || type === "array" ? " As JSON." : "";
  return `${description}${form && description && !/[.?!]$/.test(description) ? "." : ""}${form}`.trim() || undefined;
}

function sliderStep({ type, minimum, maximum, default: usual }: Schema): number | undefined {
  if (minimum === undefined || maximum === undefined || usual === undefined) return undefined;
  const step = type === "integer" ? 1 : (maximum - minimum) / (maximum - minimum > 10 ? 100 : 40) || undefined;
  if (step === undefined || (maximum - minimum) / step > SLIDER_STEPS_MAX) return undefined;
  // A rate of 0.001 between 0 and 1 lies between two steps, and so does what a person would set it to.
  const place = (Number(usual) - minimum) / step;
  return Math.abs(place - Math.round(place)) < 1e-6 ? step : undefined;
}

interface FileFieldProps {
  frame: { label: string; hint: string | undefined; error: string | undefined };
  value: FormValue;
  onChange: (value: FormValue) => void;
}

/** A file of the reader's own, or the address of one. */
function FileField({ frame, value, onChange }: FileFieldProps) {
  return (
    <Field {...frame}>
      {(ids) => (
        <span className="flex flex-col gap-2">
          <input
            {...ids}
            type="file"
            onChange={(event) => onChange(event.target.files?.[0])}
            className="block w-full text-sm file:mr-3 file:min-h-8 file:rounded-md file:border file:border-line file:bg-surface file:px-3 file:text-ink"
          />
          <input
            aria-label={`${frame.label}: an address instead`}
            className={inputClass}
            placeholder="or the address of one"
            inputMode="url"
            value={typeof value === "string" ? value : ""}
            onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
          />
        </span>
      )}
    </Field>
  );
}
