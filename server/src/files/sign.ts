/**
 * Links that work without a token because they are signed: HMAC-SHA256 with this installation's key.
 * A link says what it opens and, if it ends, when; who holds it may follow it. Knows nothing of what stands behind it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** A path with `signature`, and `expires` (seconds since 1970) when it ends: what `verifyPath` accepts. */
export function signPath(key: Uint8Array, path: string, expiresAtSeconds?: number): string {
  const query = new URLSearchParams();
  if (expiresAtSeconds !== undefined) query.set("expires", String(expiresAtSeconds));
  query.set("signature", hmac(key, `${path}\n${expiresAtSeconds ?? ""}`).toString("base64url"));
  return `${path}?${query}`;
}

/** Whether a request for `path` with this query was signed by `signPath` and is still valid. */
export function verifyPath(key: Uint8Array, path: string, query: URLSearchParams, nowMs: number): boolean {
  const expires = query.get("expires") ?? "";
  const given = Buffer.from(query.get("signature") ?? "", "base64url");
  return isEqual(hmac(key, `${path}\n${expires}`), given) && (expires === "" || Number(expires) * 1000 > nowMs);
}

/** The query of `/v1/files/{id}/download`, in Replicate's form: base64 of the HMAC of "{owner} {id} {expiry}". */
export function signDownload(key: Uint8Array, owner: string, id: string, expiresAtSeconds: number): URLSearchParams {
  const signature = hmac(key, `${owner} ${id} ${expiresAtSeconds}`).toString("base64");
  return new URLSearchParams({ owner, expiry: String(expiresAtSeconds), signature });
}

/** The owner that a download link of this file was signed for, or undefined when it was not, or is over. */
export function verifyDownload(key: Uint8Array, id: string, query: URLSearchParams, nowMs: number): string | undefined {
  const owner = query.get("owner") ?? "";
  const expiry = query.get("expiry") ?? "";
  const given = Buffer.from(query.get("signature") ?? "", "base64");
  const isValid = isEqual(hmac(key, `${owner} ${id} ${expiry}`), given) && Number(expiry) * 1000 > nowMs;
  return isValid ? owner : undefined;
}

/** A signature over `text` that is good for one purpose only. */
export function sign(key: Uint8Array, purpose: string, text: string): string {
  return hmac(key, `${purpose}\n${text}`).toString("base64url");
}

export function isSigned(key: Uint8Array, purpose: string, text: string, signature: string): boolean {
  return isEqual(hmac(key, `${purpose}\n${text}`), Buffer.from(signature, "base64url"));
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function isEqual(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}
