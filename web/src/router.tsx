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

export const router = createRouter({
  routeTree: root.addChildren([home, create, train, run]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
