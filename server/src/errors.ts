/**
 * The one error that a user sees: thrown anywhere below a route, turned into `application/problem+json` by app.ts.
 * Anything else that is thrown is a broken invariant: a 500 with the request's id, logged, its message kept inside.
 */
import type { ContentfulStatusCode } from "hono/utils/http-status";

export interface InvalidField {
  type: string;
  field: string;
  description: string;
}

export class HttpError extends Error {
  readonly status: ContentfulStatusCode;
  readonly title: string | undefined;
  readonly invalidFields: InvalidField[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: ContentfulStatusCode,
    detail: string,
    options: { title?: string; invalidFields?: InvalidField[]; retryAfterSeconds?: number } = {},
  ) {
    super(detail);
    this.status = status;
    this.title = options.title;
    this.invalidFields = options.invalidFields;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export function badRequest(detail: string): HttpError {
  return new HttpError(400, detail, { title: "Bad request" });
}

export function unauthenticated(detail = "You did not pass a valid authentication token"): HttpError {
  return new HttpError(401, detail, { title: "Unauthenticated" });
}

/** For what a caller may know of and not do; what they may not know of is not found. */
export function forbidden(title: string, detail: string): HttpError {
  return new HttpError(403, detail, { title });
}

/** What is not yours is the same 404 as what is not there. */
export function notFound(detail = "The requested resource could not be found."): HttpError {
  return new HttpError(404, detail);
}

export function conflict(detail: string): HttpError {
  return new HttpError(409, detail, { title: "Conflict" });
}

export function tooLarge(detail: string): HttpError {
  return new HttpError(413, detail, { title: "Too large" });
}

export function unprocessable(title: string, detail: string): HttpError {
  return new HttpError(422, detail, { title });
}

/** Replicate's message for input that its schema refuses: a line a problem, and the same as `invalid_fields`. */
export function invalidInput(fields: InvalidField[]): HttpError {
  const detail = fields.map((problem) => `- ${problem.field}: ${problem.description}\n`).join("");
  return new HttpError(422, detail, { title: "Input validation failed", invalidFields: fields });
}

/** Replicate's words; its clients read the seconds from the header that app.ts makes of them. */
export function throttled(seconds: number): HttpError {
  const detail = `Request was throttled. Your rate limit resets in ~${seconds}s.`;
  return new HttpError(429, detail, { title: "Request was throttled", retryAfterSeconds: seconds });
}

/** Whether the token is a good one is not said. */
export function guessed(seconds: number): HttpError {
  return new HttpError(
    429,
    `Too many unknown API tokens came from your address. Wait ${seconds}s before another is tried; one that was used from there before is taken at once.`,
    { title: "Request was throttled", retryAfterSeconds: seconds },
  );
}
