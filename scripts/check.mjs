/** Runs the checks alone: `npm run check`. */
import { runChecks } from "./checks.mjs";
import { setUp } from "./setup.mjs";
import { main, say } from "./words.mjs";

await main(async () => {
  await setUp({ tests: true });
  const results = await runChecks();
  for (const { name, passed, output } of results) {
    say(`${passed ? "✓" : "✗"} ${name}`);
    if (!passed) say(output.trimEnd());
  }
  return results.every(({ passed }) => passed) ? 0 : 1;
});
