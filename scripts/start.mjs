/** Sets up what is missing and runs the server in this process, until Ctrl-C. */
import { setUp } from "./setup.mjs";
import { main } from "./words.mjs";

await main(async () => {
  await setUp();
  process.argv[1] = new URL("../server/dist/main.js", import.meta.url).pathname;
  await import("../server/dist/main.js");
});
