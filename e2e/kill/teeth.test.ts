/**
 * Whether the checker would notice: two bugs planted in a copy of the build, each under a schedule that the real build
 * passes (zombie.test.ts and places.test.ts).
 */
import { expect, test } from "vitest";
import { crash, crashAndComeBack } from "./places.ts";
import { wakeZombie } from "./zombie.ts";

test("without the predicate on the attempt, a zombie's words are found in the log", async () => {
  // The two lines are one fence: a process has one attempt of a run, so either alone would still hold it off.
  const { violations, committedAfter } = await wakeZombie([
    { file: "runs/moves.js", find: '        .where("attempt", "=", holder.attempt)\n', replace: "" },
    { file: "runs/moves.js", find: '        .where("process_id", "=", holder.processId)\n', replace: "" },
  ]);
  expect(committedAfter).toBeGreaterThan(0);
  expect(violations.join("\n")).toMatch(
    /attempt 1 of run \w+: \d+ events are committed, \d+ were written while it was its turn/,
  );
});

test("with the version published outside of the transaction, a succeeded training without a version is found", async () => {
  const edit = {
    file: "runs/finish.js",
    find: "        if (ending.publication !== undefined)\n            await publishVersion(tx, ending.publication, at);\n        return true;\n    });",
    replace: `        return ending;
    });
    if (finished && finished.publication !== undefined) {
        ${crash("between")}
        await publishVersion(context.db, finished.publication, timestamp(context));
    }`,
  };
  const { violations } = await crashAndComeBack([edit], ["between"]);
  expect(violations.join("\n")).toMatch(/training \w+ succeeded and has 0 versions/);
});
