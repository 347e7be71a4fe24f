/** Sends a file to the server and says how far it is, which fetch cannot. */
import { ApiError, ConnectionError, FILE_PART, File as StoredFile } from "@easel/contract";

/** `onProgress` gets the share that has left, 0 to 1. Throws ApiError or ConnectionError; an aborted one its reason. */
export function uploadFile(
  blob: Blob,
  name: string,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<StoredFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/files");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total);
    request.onerror = () => reject(new ConnectionError("/v1/files", new Error("the connection broke")));
    request.onabort = () => reject(signal.reason);
    request.onload = async () => {
      if (request.status === 201) return resolve(StoredFile.parse(JSON.parse(request.responseText)));
      const headers = { "x-request-id": request.getResponseHeader("x-request-id") ?? "" };
      reject(await ApiError.fromResponse(new Response(request.responseText, { status: request.status, headers })));
    };
    signal.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    form.set(FILE_PART, blob, name);
    request.send(form);
  });
}
