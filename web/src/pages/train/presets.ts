/** How thorough a training is: three numbers of steps around the base's own. */
export const PRESETS = [
  { value: "fast", label: "Fast", hint: "a first look", factor: 0.4 },
  { value: "balanced", label: "Balanced", hint: "right for most", factor: 1 },
  { value: "best", label: "Best", hint: "finer, takes longer", factor: 2 },
] as const;
export type Preset = (typeof PRESETS)[number]["value"];

/** Steps in tens, so that the number reads well. */
export function stepsOf(preset: Preset, defaultSteps: number): number {
  const factor = PRESETS.find(({ value }) => value === preset)?.factor ?? 1;
  return Math.max(10, Math.round((defaultSteps * factor) / 10) * 10);
}

/** The preset that a number of steps is; undefined for one of the user's own. */
export function presetOf(steps: number, defaultSteps: number): Preset | undefined {
  return PRESETS.find(({ value }) => stepsOf(value, defaultSteps) === steps)?.value;
}
