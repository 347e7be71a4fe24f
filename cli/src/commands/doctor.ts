/** `easel doctor`: looks at everything that Easel needs, and says what to do about what is missing. */
import { defineCommand } from "citty";
import { checkBases } from "../doctor/bases.ts";
import { CHECKOUT } from "../doctor/checkout.ts";
import { type Finding, STATUS_MARKS } from "../doctor/finding.ts";
import { checkMachine } from "../doctor/machine.ts";
import { checkPython } from "../doctor/python.ts";
import { checkServer } from "../doctor/server.ts";
import { EXIT } from "../failure.ts";
import { isLoopback, readSettings } from "../settings.ts";
import { terminal } from "../terminal.ts";

export const doctor = defineCommand({
  meta: { name: "doctor", description: "Looks for what is missing, and says the way out." },
  args: { json: { type: "boolean", description: "print JSON" } },
  async run({ args }) {
    const settings = readSettings();
    const findings: Finding[] = [];
    const report = (finding: Finding) => {
      findings.push(finding);
      if (!args.json) print(finding);
    };
    // Python and disks of another machine cannot be seen from here.
    if (isLoopback(settings.url) && CHECKOUT !== undefined) {
      for (const finding of checkMachine(settings.dataFolder)) report(finding);
      for (const finding of await checkPython(CHECKOUT)) report(finding);
      for (const finding of checkBases(CHECKOUT, process.env)) report(finding);
    }
    for (const finding of await checkServer(settings)) report(finding);
    if (args.json) terminal.data(JSON.stringify(findings, null, 2));
    return findings.some(({ status }) => status === "fail") ? EXIT.error : EXIT.ok;
  },
});

function print({ check, status, detail, fix }: Finding): void {
  const colour = { ok: "green", warn: "yellow", fail: "red" } as const;
  terminal.data(`${STATUS_MARKS[status]} ${check.padEnd(8)} ${detail}`);
  if (fix !== undefined) terminal.data(`           ${terminal.paint[colour[status]]("→")} ${fix}`);
}
