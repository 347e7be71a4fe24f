/** Every page there is, and what stands there, and in no tab, when it is whole: what axe, the phone's width and the screenshots go through. */

/**
 * @typedef {{ training: string, prediction: string, failed: string, running: string }} PageIds
 * @type {{ name: string, path: (ids: PageIds) => string, shows: string | RegExp }[]}
 */
export const PAGES = [
  { name: "home", path: () => "/", shows: "Lately" },
  { name: "new-training", path: () => "/create", shows: "Drop images here, or a zip of them" },
  { name: "new-training-sample", path: () => "/create?sample=true", shows: /Ready: 16 images/ },
  { name: "training", path: ({ training }) => `/p/${training}`, shows: "Download the weights" },
  { name: "training-running", path: ({ running }) => `/p/${running}`, shows: /step \d+ of/ },
  { name: "prediction", path: ({ prediction }) => `/p/${prediction}`, shows: "Timings" },
  { name: "failed-prediction", path: ({ failed }) => `/p/${failed}`, shows: "The prediction failed" },
  { name: "models", path: () => "/models", shows: "emoji-3d" },
  { name: "trainings", path: () => "/trainings", shows: "you/toy" },
  { name: "predictions", path: () => "/predictions", shows: /^easel\/\S+ · / },
  { name: "account", path: () => "/account", shows: "API tokens" },
  { name: "docs", path: () => "/docs/weights", shows: "One command each" },
  { name: "models-of-an-owner", path: () => "/you", shows: "toy" },
  { name: "model", path: () => "/easel/emoji-3d", shows: "Compare with the base" },
  { name: "model-of-files", path: () => "/easel/prepare", shows: "input_images" },
  { name: "model-api", path: () => "/easel/emoji-3d/api", shows: "npx easel run" },
  { name: "model-examples", path: () => "/easel/emoji-3d/examples", shows: "Prompts to begin with" },
  { name: "model-versions", path: () => "/you/toy/versions", shows: /^The latest, / },
  { name: "model-snapshots", path: () => "/you/toy/snapshots", shows: "Snapshots and strengths" },
  { name: "model-readme", path: () => "/easel/emoji-3d/readme", shows: "Trained on the base" },
  { name: "model-settings", path: () => "/you/toy/settings", shows: "Who sees it" },
  { name: "nothing", path: () => "/you/nothing/at/all", shows: "There is no such page" },
];
