/** Every operation of the HTTP API, in the order in which a reader meets them: what it is asked, and what it answers. */
import type { SchemaName } from "./schemas.ts";

export interface Operation {
  /** `METHOD /path`, as the route is mounted. */
  route: string;
  /** Replicate's own where Replicate has it. */
  id: string;
  says: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: SchemaName | { type: string; says: string };
  replies: Record<number, SchemaName | { type: string } | null>;
  /** Answers without a token: to anyone, or by a signed link. */
  isOpen?: boolean;
}

export interface Section {
  name: string;
  operations: Operation[];
}

const CURSOR = { cursor: "Where the page begins: follow next as it was given" };
const CREATE_HEADERS = {
  "Idempotency-Key": "A name of your own for this create: the same one again within a day is the same run",
};
const PREDICT_HEADERS = {
  Prefer: "wait, or wait=5: holds the reply until the run has ended, for at most so many seconds (60)",
  "Cancel-After": "30s, 5m, 1h30m: cancels the prediction if it has not ended by then; at least 5 seconds",
  ...CREATE_HEADERS,
};
const BYTES = { type: "application/octet-stream" };
const EVENTS = { type: "text/event-stream" };
const TEXT = { type: "text/plain" };
const MODEL = "/v1/models/:owner/:name";
const VERSION = `${MODEL}/versions/:version`;
const DEPLOYMENT = "/v1/deployments/:owner/:name";

export const SECTIONS: Section[] = [
  {
    name: "Predictions",
    operations: [
      {
        route: "POST /v1/predictions",
        id: "predictions.create",
        says: "Runs a version, named by 64 hex digits, owner/name:id, or owner/name for the newest.",
        headers: PREDICT_HEADERS,
        body: "CreatePrediction",
        replies: { 201: "Prediction", 202: "Prediction" },
      },
      {
        route: `POST ${MODEL}/predictions`,
        id: "models.predictions.create",
        says: "Runs a model's newest version.",
        headers: PREDICT_HEADERS,
        body: "CreateModelPrediction",
        replies: { 201: "Prediction", 202: "Prediction" },
      },
      {
        route: "GET /v1/predictions",
        id: "predictions.list",
        says: "Your predictions, newest first, a hundred a page.",
        query: {
          created_after: "A time in ISO 8601",
          created_before: "A time in ISO 8601",
          source: "web or api",
          ...CURSOR,
        },
        replies: { 200: "PredictionPage" },
      },
      {
        route: "GET /v1/predictions/:id",
        id: "predictions.get",
        says: "A prediction as it is now. Trainings answer here too.",
        replies: { 200: "Prediction" },
      },
      {
        route: "POST /v1/predictions/:id/cancel",
        id: "predictions.cancel",
        says: "Ends a prediction: at once where it waits, at its next step where it runs.",
        replies: { 200: "Prediction" },
      },
      {
        route: "GET /v1/streams/:id",
        id: "predictions.stream",
        says: "urls.stream: output, logs, error and done as they come. Follow the link as it was given.",
        headers: { "Last-Event-ID": "Begins behind that event" },
        replies: { 200: EVENTS },
        isOpen: true,
      },
      {
        route: "GET /v1/files/streams/:id",
        id: "predictions.streamFiles",
        says: "urls.stream of a model whose outputs are files: each output is a file's URL.",
        headers: { "Last-Event-ID": "Begins behind that event" },
        replies: { 200: EVENTS },
        isOpen: true,
      },
    ],
  },
  {
    name: "Trainings",
    operations: [
      {
        route: `POST ${VERSION}/trainings`,
        id: "trainings.create",
        says: "Trains a version; the destination gets the new one. Unknown keys are passed over.",
        headers: CREATE_HEADERS,
        body: "CreateTraining",
        replies: { 201: "Training" },
      },
      {
        route: "GET /v1/trainings",
        id: "trainings.list",
        says: "Your trainings, newest first, a hundred a page.",
        query: CURSOR,
        replies: { 200: "TrainingPage" },
      },
      {
        route: "GET /v1/trainings/:id",
        id: "trainings.get",
        says: "A training as it is now.",
        replies: { 200: "Training" },
      },
      {
        route: "POST /v1/trainings/:id/cancel",
        id: "trainings.cancel",
        says: "Ends a training; what it has learnt is dropped.",
        replies: { 200: "Training" },
      },
      {
        route: "POST /v1/preflight",
        id: "preflight",
        says: "What a training would make of an archive. No run is made.",
        body: "PreflightRequest",
        replies: { 200: "PreflightReport" },
      },
    ],
  },
  {
    name: "Runs: what Easel adds about both",
    operations: [
      {
        route: "GET /v1/runs/:id/events",
        id: "runs.events",
        says: "A run's events up to its end, then those that come: stages, progress, metrics, samples, log.",
        headers: { "Last-Event-ID": "Begins behind the event of that number" },
        query: { after: "The same, where no header can be sent" },
        replies: { 200: EVENTS },
      },
      {
        route: "GET /v1/runs/:id/logs",
        id: "runs.logs",
        says: "The whole log, of which a run's logs holds the last megabyte.",
        query: { from: "Begins behind so many bytes" },
        replies: { 200: TEXT },
      },
      {
        route: "GET /v1/runs/:id/artifacts",
        id: "runs.artifacts",
        says: "Every file that the run has made, each with a link that needs no token.",
        replies: { 200: "ArtifactPage" },
      },
      {
        route: "POST /v1/runs/:id/stop-and-keep",
        id: "runs.stopAndKeep",
        says: "Ends a training early and publishes what it has learnt.",
        replies: { 200: "Training" },
      },
      {
        route: "POST /v1/runs/:id/save-state",
        id: "runs.saveState",
        says: "Has a training write a state at its next step, from which it could be gone on with.",
        replies: { 200: "Training" },
      },
      {
        route: "POST /v1/runs/:id/snapshots/:step/publish",
        id: "runs.publishSnapshot",
        says: "Publishes a training's snapshot as a new version of its destination; answers one of that step that is there.",
        replies: { 200: "Version", 201: "Version" },
      },
      {
        route: "DELETE /v1/runs/:id",
        id: "runs.delete",
        says: "Removes what a run that has ended was given and has made; what a training published stays. Easel-Frees-Bytes says what that frees.",
        replies: { 204: null },
      },
      {
        route: "GET /v1/runs/:id/files/:attempt/:path{.+}",
        id: "runs.file",
        says: "A file that a run has made, whole or in part (Range). Follow the link as it was given.",
        replies: { 200: BYTES, 206: BYTES, 304: null, 416: null },
        isOpen: true,
      },
    ],
  },
  {
    name: "Models",
    operations: [
      {
        route: "GET /v1/models",
        id: "models.list",
        says: "Your models and the public ones.",
        query: {
          sort_by: "latest_version_created_at (the default) or model_created_at",
          sort_direction: "desc (the default) or asc",
          ...CURSOR,
        },
        replies: { 200: "ModelPage" },
      },
      {
        route: "POST /v1/models",
        id: "models.create",
        says: "Makes a model under your own name.",
        body: "CreateModel",
        replies: { 201: "Model" },
      },
      {
        route: "QUERY /v1/models",
        id: "models.search",
        says: "Models whose owner, name and description hold all words, the best match first.",
        body: { type: "text/plain", says: "The words, as they are or as a JSON string" },
        replies: { 200: "ModelPage" },
      },
      { route: `GET ${MODEL}`, id: "models.get", says: "One model.", replies: { 200: "Model" } },
      {
        route: `PATCH ${MODEL}`,
        id: "models.update",
        says: "Changes what is given; null takes it away.",
        body: "UpdateModel",
        replies: { 200: "Model" },
      },
      {
        route: `DELETE ${MODEL}`,
        id: "models.delete",
        says: "Deletes a private model without versions.",
        replies: { 204: null },
      },
      {
        route: `GET ${MODEL}/readme`,
        id: "models.readme.get",
        says: "The README, in Markdown.",
        replies: { 200: TEXT },
      },
      {
        route: `GET ${MODEL}/examples`,
        id: "models.examples.list",
        says: "Predictions that the owner shows, the default one first.",
        query: CURSOR,
        replies: { 200: "PredictionPage" },
      },
      {
        route: `PUT ${MODEL}/examples/:prediction`,
        id: "models.examples.add",
        says: "Shows a prediction as an example, and as the default one.",
        replies: { 200: "Prediction" },
      },
      {
        route: `DELETE ${MODEL}/examples/:prediction`,
        id: "models.examples.remove",
        says: "Shows it no more.",
        replies: { 204: null },
      },
      {
        route: "GET /v1/search",
        id: "search",
        says: "Models and collections that hold all words.",
        query: { query: "The words", limit: "How many models, 1 to 50; 20 where it is left out" },
        replies: { 200: "SearchResult" },
      },
      {
        route: "GET /v1/collections",
        id: "collections.list",
        says: "Groups of models.",
        replies: { 200: "CollectionPage" },
      },
      {
        route: "GET /v1/collections/:slug",
        id: "collections.get",
        says: "One group with its models.",
        replies: { 200: "Collection" },
      },
    ],
  },
  {
    name: "Versions",
    operations: [
      {
        route: `GET ${MODEL}/versions`,
        id: "models.versions.list",
        says: "A model's versions, newest first.",
        query: CURSOR,
        replies: { 200: "VersionPage" },
      },
      {
        route: `POST ${MODEL}/versions`,
        id: "models.versions.create",
        says: "Registers the folder of a Cog model that stands on the server's machine. For the operator.",
        body: "CreateVersion",
        replies: { 200: "Version", 201: "Version" },
      },
      { route: `GET ${VERSION}`, id: "models.versions.get", says: "One version.", replies: { 200: "Version" } },
      {
        route: `DELETE ${VERSION}`,
        id: "models.versions.delete",
        says: "Deletes a version of a private model that nothing uses. Runs that named it are kept.",
        replies: { 204: null },
      },
      {
        route: `GET ${VERSION}/card`,
        id: "models.versions.card",
        says: "How a trained version was made.",
        replies: { 200: "ModelCard" },
      },
      {
        route: `GET ${VERSION}/weights`,
        id: "models.versions.weights",
        says: "The trained weights, in another program's format where one is asked for.",
        query: {
          format: "replicate (the default), diffusers, kohya or checkpoint",
          max_mb: "The largest LoRA file wanted, in megabytes; for diffusers and kohya",
          step: "The weights as of a snapshot's step",
        },
        replies: { 200: BYTES, 206: BYTES, 304: null, 416: null },
      },
      {
        route: "GET /v1/versions/:version/pictures/:place",
        id: "models.versions.pictures",
        says: "A picture of a model that comes with Easel; the link is in its model card.",
        replies: { 200: BYTES, 206: BYTES, 304: null, 416: null },
        isOpen: true,
      },
    ],
  },
  {
    name: "Deployments",
    operations: [
      {
        route: "POST /v1/deployments",
        id: "deployments.create",
        says: "Keeps a version ready under a name of your own.",
        body: "CreateDeployment",
        replies: { 200: "Deployment" },
      },
      {
        route: "GET /v1/deployments",
        id: "deployments.list",
        says: "Your deployments.",
        query: CURSOR,
        replies: { 200: "DeploymentPage" },
      },
      { route: `GET ${DEPLOYMENT}`, id: "deployments.get", says: "One deployment.", replies: { 200: "Deployment" } },
      {
        route: `PATCH ${DEPLOYMENT}`,
        id: "deployments.update",
        says: "Makes a new release; what is not given stays as it is.",
        body: "UpdateDeployment",
        replies: { 200: "Deployment" },
      },
      {
        route: `DELETE ${DEPLOYMENT}`,
        id: "deployments.delete",
        says: "Deletes a deployment whose predictions have all ended.",
        replies: { 204: null },
      },
      {
        route: `POST ${DEPLOYMENT}/predictions`,
        id: "deployments.predictions.create",
        says: "Runs the version that the deployment is pinned to.",
        headers: PREDICT_HEADERS,
        body: "CreateModelPrediction",
        replies: { 201: "Prediction", 202: "Prediction" },
      },
    ],
  },
  {
    name: "Files",
    operations: [
      {
        route: "POST /v1/files",
        id: "files.create",
        says: "Uploads a file, to be named in an input by its urls.get.",
        body: {
          type: "multipart/form-data",
          says: "content (the file), and where wished filename, type, and metadata as JSON or as metadata[key]",
        },
        replies: { 201: "File" },
      },
      { route: "GET /v1/files", id: "files.list", says: "Your files.", query: CURSOR, replies: { 200: "FilePage" } },
      { route: "GET /v1/files/:id", id: "files.get", says: "One file's facts.", replies: { 200: "File" } },
      { route: "DELETE /v1/files/:id", id: "files.delete", says: "Deletes a file.", replies: { 204: null } },
      {
        route: "GET /v1/files/:id/download",
        id: "files.download",
        says: "A file's bytes, whole or in part (Range): by urls.download, which is signed, or with a token.",
        query: {
          owner: "Whose file it is",
          expiry: "When the link ends, in seconds since 1970",
          signature: "base64 of the HMAC-SHA256 of owner, id and expiry",
        },
        replies: { 200: BYTES, 206: BYTES, 304: null, 416: null },
        isOpen: true,
      },
    ],
  },
  {
    name: "Webhooks",
    operations: [
      {
        route: "GET /v1/webhooks/default/secret",
        id: "webhooks.default.secret.get",
        says: "The secret that your webhooks are signed with.",
        replies: { 200: "WebhookSecret" },
      },
      {
        route: "POST /v1/webhooks/default/secret",
        id: "webhooks.default.secret.rotate",
        says: "Makes a new secret. For a day messages are signed with the old one too.",
        replies: { 200: "WebhookSecret" },
      },
      {
        route: "GET /v1/webhooks/deliveries",
        id: "webhooks.deliveries.list",
        says: "What became of each message, newest first.",
        query: CURSOR,
        replies: { 200: "WebhookDeliveryPage" },
      },
      {
        route: "GET /v1/webhooks/deliveries/:id",
        id: "webhooks.deliveries.get",
        says: "One message, with its body.",
        replies: { 200: "WebhookDelivery" },
      },
      {
        route: "POST /v1/webhooks/deliveries/:id/resend",
        id: "webhooks.deliveries.resend",
        says: "Sends a start or completed message again, under the same id.",
        replies: { 200: "WebhookDelivery" },
      },
    ],
  },
  {
    name: "Account and machine",
    operations: [
      { route: "GET /v1/account", id: "account.get", says: "Who you are.", replies: { 200: "Account" } },
      {
        route: "GET /v1/hardware",
        id: "hardware.list",
        says: "This machine's devices, and names that Replicate's scripts use.",
        replies: { 200: "HardwareList" },
      },
      {
        route: "GET /v1/machine",
        id: "machine.get",
        says: "What waits, and what room there is.",
        replies: { 200: "Machine" },
      },
      {
        route: "GET /v1/bases",
        id: "bases.list",
        says: "What a fine-tune can start from on this machine, and how to get what is not there.",
        replies: { 200: "BaseList" },
      },
      {
        route: "POST /v1/bases",
        id: "bases.refresh",
        says: "Takes up what `easel base` has got or added since. For the operator.",
        replies: { 200: "BaseList" },
      },
      {
        route: "POST /v1/gc",
        id: "gc.collect",
        says: "Frees what nothing needs any more, or says what it would free. For the operator.",
        body: "CollectGarbage",
        replies: { 200: "GarbageReport" },
      },
      {
        route: "GET /v1/tokens",
        id: "tokens.list",
        says: "Your API tokens.",
        query: CURSOR,
        replies: { 200: "TokenPage" },
      },
      {
        route: "POST /v1/tokens",
        id: "tokens.create",
        says: "Makes an API token, which is shown this once.",
        body: "CreateToken",
        replies: { 201: "NewToken" },
      },
      { route: "DELETE /v1/tokens/:id", id: "tokens.delete", says: "Revokes an API token.", replies: { 204: null } },
      {
        route: "GET /v1/accounts",
        id: "accounts.list",
        says: "All accounts. For the operator.",
        replies: { 200: "AccountList" },
      },
      {
        route: "POST /v1/accounts",
        id: "accounts.create",
        says: "Makes an account and its first token. For the operator.",
        body: "CreateAccount",
        replies: { 201: "NewAccount" },
      },
      {
        route: "POST /v1/session",
        id: "session.create",
        says: "Signs a browser in with an API token.",
        body: "SignIn",
        replies: { 201: "Account" },
        isOpen: true,
      },
      {
        route: "DELETE /v1/session",
        id: "session.delete",
        says: "Signs the browser out.",
        replies: { 204: null },
        isOpen: true,
      },
      {
        route: "GET /health/live",
        id: "health.live",
        says: "Whether the server lives.",
        replies: { 200: { type: "application/json" } },
        isOpen: true,
      },
      {
        route: "GET /health/ready",
        id: "health.ready",
        says: "Whether it can take work.",
        replies: { 200: { type: "application/json" }, 503: { type: "application/json" } },
        isOpen: true,
      },
      {
        route: "GET /metrics",
        id: "metrics",
        says: "Prometheus' metrics, where EASEL_METRICS is on. For the operator.",
        replies: { 200: TEXT },
      },
      {
        route: "GET /openapi.json",
        id: "openapi",
        says: "This document.",
        replies: { 200: { type: "application/json" } },
        isOpen: true,
      },
    ],
  },
];
