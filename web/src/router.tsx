/** Which page stands at which path. A page is loaded when it is first opened, or pointed at. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { z } from "zod";
import { NotFound } from "./parts/not-found.tsx";
import { PageError } from "./parts/page-error.tsx";
import { Shell } from "./parts/shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageError });
const under = { getParentRoute: () => root };

const home = createRoute({
  ...under,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/home/home.tsx"), "Home"),
});

/** `from` is a training whose inputs to begin with; `sample` puts the sample set in place. */
const trainSearch = z.object({ from: z.string().optional(), sample: z.boolean().optional() });

const create = createRoute({
  ...under,
  path: "/create",
  validateSearch: trainSearch,
  component: lazyRouteComponent(() => import("./pages/train/train.tsx"), "CreatePage"),
});

const train = createRoute({
  ...under,
  path: "/$owner/$name/train",
  validateSearch: trainSearch,
  component: lazyRouteComponent(() => import("./pages/train/train.tsx"), "TrainPage"),
});

const run = createRoute({
  ...under,
  path: "/p/$id",
  component: lazyRouteComponent(() => import("./pages/run/run.tsx"), "RunPage"),
});

const trainings = createRoute({
  ...under,
  path: "/trainings",
  component: lazyRouteComponent(() => import("./pages/lists/trainings.tsx"), "Trainings"),
});

const predictions = createRoute({
  ...under,
  path: "/predictions",
  component: lazyRouteComponent(() => import("./pages/lists/predictions.tsx"), "Predictions"),
});

const Models = lazyRouteComponent(() => import("./pages/lists/models.tsx"), "Models");
const models = createRoute({ ...under, path: "/models", component: Models });
const owner = createRoute({ ...under, path: "/$owner", component: Models });

const account = createRoute({
  ...under,
  path: "/account",
  component: lazyRouteComponent(() => import("./pages/account/account.tsx"), "AccountPage"),
});

const Docs = lazyRouteComponent(() => import("./pages/docs/docs.tsx"), "Docs");
const docs = createRoute({ ...under, path: "/docs", component: Docs });
const docsPage = createRoute({ ...under, path: "/docs/$page", component: Docs });

const model = createRoute({
  ...under,
  path: "/$owner/$name",
  component: lazyRouteComponent(() => import("./pages/model/model.tsx"), "ModelPage"),
});

/** The tabs of a model's page. */
const inModel = { getParentRoute: () => model };
const Playground = lazyRouteComponent(() => import("./pages/model/playground.tsx"), "Playground");

const tabs = [
  createRoute({
    ...inModel,
    path: "/",
    component: Playground,
    /** The prediction whose input is put into the form. */
    validateSearch: ({ from }: Record<string, unknown>): { from?: string } =>
      typeof from === "string" ? { from } : {},
  }),
  createRoute({ ...inModel, path: "/versions/$version", component: Playground }),
  createRoute({
    ...inModel,
    path: "/api",
    component: lazyRouteComponent(() => import("./pages/model/api.tsx"), "Api"),
  }),
  createRoute({
    ...inModel,
    path: "/examples",
    component: lazyRouteComponent(() => import("./pages/model/examples.tsx"), "Examples"),
  }),
  createRoute({
    ...inModel,
    path: "/versions",
    component: lazyRouteComponent(() => import("./pages/model/versions.tsx"), "Versions"),
  }),
  createRoute({
    ...inModel,
    path: "/snapshots",
    component: lazyRouteComponent(() => import("./pages/model/grid.tsx"), "Grid"),
  }),
  createRoute({
    ...inModel,
    path: "/readme",
    component: lazyRouteComponent(() => import("./pages/model/readme.tsx"), "Readme"),
  }),
  createRoute({
    ...inModel,
    path: "/settings",
    component: lazyRouteComponent(() => import("./pages/model/settings.tsx"), "Settings"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    run,
    create,
    train,
    trainings,
    predictions,
    models,
    owner,
    account,
    docs,
    docsPage,
    model.addChildren(tabs),
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
