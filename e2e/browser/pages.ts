/** Every page there is, with something to see on it: what axe, the phone's width and the screenshots go through. */
export interface PageIds {
  training: string;
  prediction: string;
  failed: string;
}

interface AppPage {
  name: string;
  path: (ids: PageIds) => string;
  /** Stands there when the page is whole. */
  shows: string | RegExp;
}

export const PAGES: AppPage[] = [
  { name: "home", path: () => "/", shows: "Trainings" },
  { name: "new training", path: () => "/create", shows: "Drop images here, or a zip of them" },
  { name: "training on a base", path: () => "/easel/emoji/train", shows: "How thorough" },
  { name: "training", path: ({ training }) => `/p/${training}`, shows: "Succeeded" },
  { name: "prediction", path: ({ prediction }) => `/p/${prediction}`, shows: "Succeeded" },
  { name: "failed prediction", path: ({ failed }) => `/p/${failed}`, shows: "The prediction failed" },
  { name: "nothing", path: () => "/you/nothing/at/all", shows: "There is no such page" },
];
