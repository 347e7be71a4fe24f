/** Webhooks: the secret that signs them, and what became of each message. */
import type { WebhookDelivery } from "@easel/contract";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { client, queries } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { CopyButton } from "../../parts/copy.tsx";
import { More } from "../../parts/more.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Moment } from "../../parts/time.tsx";

const KEY = ["webhooks"];

export function Webhooks() {
  const deliveries = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam }) => client.webhooks.deliveries({ next: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const all = deliveries.data?.pages.flatMap(({ results }) => results) ?? [];
  return (
    <Card title="Webhooks" actions={<Secret />}>
      {deliveries.isError && <ErrorNotice error={deliveries.error} />}
      {deliveries.isSuccess && all.length === 0 && (
        <p className="text-sm text-soft">
          No message has been sent. A <code>webhook</code> in the create of a prediction or a training is told of its
          start and its end, and each telling is listed here.
        </p>
      )}
      <ul className="flex flex-col divide-y divide-line">
        {all.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} />
        ))}
      </ul>
      <More query={deliveries} />
    </Card>
  );
}

function Secret() {
  const show = useMutation({ mutationFn: () => client.webhooks.secret() });
  if (show.data === undefined) {
    return (
      <Button size="small" busy={show.isPending} onClick={() => show.mutate()}>
        {show.isError ? "This token may not see the secret" : "Show the signing secret"}
      </Button>
    );
  }
  return (
    <span className="flex min-w-0 items-center gap-2">
      <code className="min-w-0 font-mono text-xs break-all">{show.data.key}</code>
      <CopyButton text={show.data.key} />
    </span>
  );
}

function DeliveryRow({ delivery }: { delivery: WebhookDelivery }) {
  const [isOpen, setOpen] = useState(false);
  const resend = useMutation({
    mutationFn: () => client.webhooks.resend(delivery.id),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  const canResend = delivery.event === "start" || delivery.event === "completed";
  return (
    <li className="py-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <span className="min-w-0 text-sm">
          <span className="font-medium">
            {delivery.event} · {delivery.state}
          </span>
          <span className="block break-all text-soft">{delivery.url}</span>
          <span className="block text-soft">
            <Moment at={delivery.created_at} />
            {delivery.attempts > 0 && `, ${delivery.attempts === 1 ? "1 attempt" : `${delivery.attempts} attempts`}`}
            {answerOf(delivery)}
          </span>
        </span>
        <span className="flex gap-1">
          <Button size="small" look="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Close" : "Look at it"}
          </Button>
          {canResend && (
            <Button size="small" busy={resend.isPending} onClick={() => resend.mutate()}>
              Send it again
            </Button>
          )}
        </span>
      </div>
      {resend.isError && <ErrorNotice error={resend.error} />}
      {isOpen && <Bodies id={delivery.id} reply={delivery.last_attempt?.reply ?? null} run={delivery.run} />}
    </li>
  );
}

function answerOf({ last_attempt: last }: WebhookDelivery): string {
  if (last === null) return "";
  return last.status === null
    ? `, no answer: ${last.error ?? "unknown"}`
    : `, answered ${last.status} in ${last.milliseconds} ms`;
}

function Bodies({ id, reply, run }: { id: string; reply: string | null; run: string }) {
  const { data, error } = useQuery({ queryKey: [...KEY, id], queryFn: () => client.webhooks.delivery(id) });
  if (error !== null) return <ErrorNotice error={error} />;
  return (
    <div className="mt-3 flex flex-col gap-3 text-sm">
      <Link to="/p/$id" params={{ id: run }} className="text-accent underline">
        The run that it tells of
      </Link>
      <Sent title="What was sent" text={data?.body ?? "Bodies are kept of start and completed alone."} />
      {reply !== null && <Sent title="What came back" text={reply === "" ? "An empty answer." : reply} />}
    </div>
  );
}

function Sent({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <p className="font-medium">{title}</p>
      <pre
        tabIndex={0}
        className="mt-1 max-h-60 overflow-auto rounded-md bg-sunken p-3 font-mono text-xs whitespace-pre-wrap break-all"
      >
        {text}
      </pre>
    </div>
  );
}
