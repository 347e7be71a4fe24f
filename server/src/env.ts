import type { HttpBindings } from "@hono/node-server";

/** What a request carries through the app. `Bindings` are missing when a test calls `app.request()` without a socket. */
export interface Env {
  Bindings: Partial<HttpBindings>;
  Variables: { account: string; tokenHash: string; requestId: string };
}
