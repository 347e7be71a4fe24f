/** Sends a message again because its owner asks for it: the same words under the same id. */
import type { Context } from "../context.ts";
import { unprocessable } from "../errors.ts";
import { WEBHOOK_TOPIC } from "./outbox.ts";
import { type DeliveryRow, findOwnDelivery, updateDeliveryAgain } from "./store.ts";

/** Undefined where the account has no such message. Throws 422 for one whose words are not kept. */
export async function resendDelivery(
  context: Context,
  account: string,
  id: string,
): Promise<Omit<DeliveryRow, "number"> | undefined> {
  const row = await findOwnDelivery(context.db, account, id);
  if (row === undefined) return undefined;
  if (row.body === null) {
    throw unprocessable(
      "Not kept",
      "Only start and completed messages are kept to be sent again; get the run to see its output and logs.",
    );
  }
  await updateDeliveryAgain(context.db, id, context.now());
  context.watch.poke(WEBHOOK_TOPIC);
  return findOwnDelivery(context.db, account, id);
}
