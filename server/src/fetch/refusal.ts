/** Why something could not be fetched, in a sentence that names the host and not what stands behind it. */
export class FetchRefused extends Error {}

export function notAllowed(host: string): FetchRefused {
  return new FetchRefused(
    `${host} is an address that is not allowed: the server connects to the public internet only. ` +
      "Name it in EASEL_FETCH_ALLOW to allow it.",
  );
}
