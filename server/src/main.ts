/** The server as a command: settings from the environment, words to the terminal, Ctrl-C to stop. */
import { readConfig } from "./config.ts";
import { startServer } from "./serve.ts";

try {
  const server = await startServer(readConfig());
  console.log(`Easel listens on ${server.url}`);
  if (server.newToken !== undefined) console.log(`API token: ${server.newToken}`);
  let asked = 0;
  const stop = async () => {
    asked += 1;
    if (asked > 1) process.exit(1);
    const going = await server.stop();
    if (going.length > 0) {
      console.log(
        `Stopped. ${going.length === 1 ? "One run goes" : `${going.length} runs go`} on without the server: ${going.join(", ")}.`,
      );
      console.log("The next start takes them up again. To end one instead: start the server and cancel it.");
    }
    process.exit(0);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
