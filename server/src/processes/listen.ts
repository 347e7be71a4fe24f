/** The socket that model processes dial. Its path never changes for a data folder, so that they find a restarted server. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "../ids.ts";

/** The kernel's limit is 108 bytes with the final zero. */
const PATH_BYTES_MAX = 107;

/** `server.sock` in the data folder, or in a short folder when that path is too long for the kernel. */
export function socketPathFor(dataFolder: string): string {
  const path = join(dataFolder, "server.sock");
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path;
  return join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `easel-${sha256Hex(dataFolder).slice(0, 16)}.sock`);
}

/** Listens for this user only. The data folder's lock must be held: a socket left over by a dead server is replaced. */
export async function listen(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  mkdirSync(join(path, ".."), { recursive: true });
  rmSync(path, { force: true });
  const server = createServer(onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}
