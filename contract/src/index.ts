/** What crosses a wire: schemas, their types, and the client that speaks them. */
export { Account, type SentAccount, SignIn } from "./account.ts";
export { Artifact, ArtifactPage } from "./artifact.ts";
export { Base, BaseList } from "./base.ts";
export { type Client, type ClientOptions, createClient, type Upload } from "./client.ts";
export { Collection, CollectionPage, CollectionSummary } from "./collection.ts";
export { CreateDeployment, Deployment, DeploymentPage, Release, UpdateDeployment } from "./deployment.ts";
export { ApiError, ConnectionError } from "./errors.ts";
export {
  EVENTS_SILENCE_SECONDS_MAX,
  parseRunEvent,
  RUN_EVENTS,
  type RunEvent,
  type RunEventType,
  RunFile,
} from "./events.ts";
export { FILE_NAME_BYTES_MAX, FILE_PART, File, FilePage } from "./file.ts";
export { Hardware, HardwareList } from "./hardware.ts";
export { type InputField, type InputType, readInputFields, settleFields } from "./input-fields.ts";
export { replaceAt, valueAt } from "./input-place.ts";
export { Machine } from "./machine.ts";
export { CreateModel, Model, ModelPage, UpdateModel, Visibility } from "./model.ts";
export { type Page, pageOf } from "./page.ts";
export { CreateModelPrediction, CreatePrediction, Prediction, PredictionPage } from "./prediction.ts";
export { CaptionSource, PreflightReport, PreflightRequest } from "./preflight.ts";
export { InvalidField, Problem, REQUEST_ID_HEADER } from "./problem.ts";
export {
  Command,
  type EventType,
  Hello,
  LINE_BYTES_MAX,
  ProcessEvent,
  ProcessLine,
  ReportedFile,
  RunCommand,
  Slots,
} from "./protocol.ts";
export { Name, parseReference, type Reference, RunId, VersionId } from "./reference.ts";
export {
  isTerminal,
  RUN_STATUS_MOVES,
  RunInput,
  RunKind,
  RunMetrics,
  RunStatus,
  RunUrls,
  WebhookEvent,
} from "./run.ts";
export { SearchResult } from "./search.ts";
export { CollectGarbage, FREES_HEADER, GarbageReport } from "./space.ts";
export {
  AccountList,
  CreateAccount,
  CreateToken,
  NewAccount,
  NewToken,
  Token,
  TokenAccess,
  TokenPage,
} from "./token.ts";
export { CreateTraining, type SentTraining, Training, TrainingPage, TrainingResult } from "./training.ts";
export { CreateVersion, ModelCard, OpenApiSchema, Version, VersionPage } from "./version.ts";
export { readWarnings } from "./warnings.ts";
export { WebhookDelivery, WebhookDeliveryPage, WebhookSecret } from "./webhook.ts";
export { RELATIVE_ERROR_HEADER, WeightsFormat, WeightsQuery } from "./weights.ts";
