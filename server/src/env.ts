import type { HttpBindings } from "@hono/node-server";

/** What a request carries through the app. `Bindings` are missing when a test calls `app.request()` without a socket. */
export interface Env {
  Bindings: Partial<HttpBindings>;
  /** `tokenHash` names the API token that the request came with, or that its session stands on. */
  Variables: {
    account: string;
    tokenHash: string;
    access: "read" | "write";
    source: "api" | "web";
    requestId: string;
  };
}
