/** `easel webhooks list | show | resend | rotate-secret`. */
import type { WebhookDelivery } from "@easel/contract";
import { defineCommand } from "citty";
import { formatAge, formatTable } from "../format.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";

const id = { type: "positional", required: true, description: "the message's id, such as msg_wm41d8ff…" } as const;
const json = { type: "boolean", description: "print JSON" } as const;

const list = defineCommand({
  meta: { name: "list", description: "Lists the newest messages and what became of them." },
  args: { json },
  async run({ args }) {
    const page = await connect().webhooks.deliveries();
    if (args.json) return terminal.data(JSON.stringify(page.results, null, 2));
    const rows = page.results.map((delivery) => [
      delivery.id,
      delivery.event,
      delivery.state,
      formatAge(Date.parse(delivery.created_at), Date.now()),
      describeAttempt(delivery),
      delivery.url,
    ]);
    terminal.data(formatTable([["ID", "EVENT", "STATE", "MADE", "ANSWER", "TO"], ...rows]));
    if (page.next !== null) terminal.words(`These are the newest ${page.results.length}.`);
  },
});

const show = defineCommand({
  meta: { name: "show", description: "Shows a message, with its body and the receiver's answer, as JSON." },
  args: { id },
  run: async ({ args }) => terminal.data(JSON.stringify(await connect().webhooks.delivery(args.id), null, 2)),
});

const resend = defineCommand({
  meta: { name: "resend", description: "Sends a start or completed message again, under the same id." },
  args: { id, json },
  async run({ args }) {
    const delivery = await connect().webhooks.resend(args.id);
    if (args.json) terminal.data(JSON.stringify(delivery, null, 2));
    else
      terminal.words(`${delivery.id} goes to ${delivery.url} again. \`easel webhooks list\` shows what becomes of it.`);
  },
});

const rotateSecret = defineCommand({
  meta: {
    name: "rotate-secret",
    description: "Makes a new signing secret and prints it; the old one signs too for a day.",
  },
  run: async () => terminal.data((await connect().webhooks.rotateSecret()).key),
});

/** "200 in 12 ms", or why there was no answer. */
function describeAttempt({ last_attempt, attempts }: WebhookDelivery): string {
  if (last_attempt === null || last_attempt.milliseconds === null) return "";
  const answer = last_attempt.status === null ? (last_attempt.error ?? "none") : String(last_attempt.status);
  const tries = attempts > 1 ? `, attempt ${attempts}` : "";
  return `${answer} in ${last_attempt.milliseconds} ms${tries}`;
}

export const webhooks = defineCommand({
  meta: { name: "webhooks", description: "Lists webhook messages, and sends them again." },
  subCommands: { list, show, resend, "rotate-secret": rotateSecret },
});
