/** The two ways in which a request can go wrong: the server refused it, or never answered. */
import { type InvalidField, Problem, REQUEST_ID_HEADER } from "./problem.ts";

/** The server answered with a problem. `message` is what to show: the title, then the detail. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly title: string | undefined;
  readonly detail: string;
  readonly invalidFields: readonly InvalidField[];
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, problem: Problem, requestId?: string, retryAfterSeconds?: number) {
    super(problem.title === undefined ? problem.detail : `${problem.title}: ${problem.detail}`);
    this.status = status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.invalidFields = problem.invalid_fields ?? [];
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Reads a refused response; something between us and the server may have answered in words of its own. */
  static async fromResponse(response: Response): Promise<ApiError> {
    const text = await response.text().catch(() => "");
    const problem = Problem.safeParse(parseJson(text));
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    return new ApiError(
      response.status,
      problem.data ?? { detail: text.trim().slice(0, 500) || response.statusText || "no reason was given" },
      response.headers.get(REQUEST_ID_HEADER) ?? undefined,
      Number.isNaN(seconds) ? undefined : seconds,
    );
  }
}

/** No answer came from `url`; `reason` says why in the system's words, such as `ECONNREFUSED`. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly url: string;
  readonly reason: string;

  constructor(url: string, cause: unknown) {
    const reason = reasonOf(cause);
    super(`No answer from ${url} (${reason})`, { cause });
    this.url = url;
    this.reason = reason;
  }
}

/** `fetch` says "fetch failed" and hides the reason in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
