/** Opens a link in the person's browser where there is a desktop. The link is always printed as well. */
import { spawn } from "node:child_process";
import { terminal } from "./terminal.ts";

export function openInBrowser(url: string, env: NodeJS.ProcessEnv = process.env): void {
  terminal.words(`Page: ${url}`);
  const command = browserCommand(process.platform, env);
  if (command === undefined) return;
  const child = spawn(command, [url], { detached: true, stdio: "ignore" });
  // Without a browser the printed link is what there is.
  child.on("error", () => undefined);
  child.unref();
}

/** The program that opens links; undefined where nobody would see it. */
export function browserCommand(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | undefined {
  if (platform === "darwin") return env.SSH_CONNECTION ? undefined : "open";
  return env.DISPLAY || env.WAYLAND_DISPLAY ? "xdg-open" : undefined;
}
