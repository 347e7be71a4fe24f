/** Something to know before going on: what, why, and what to do next. */
import { ApiError, ConnectionError } from "@easel/contract";
import type { ReactNode } from "react";

type Tone = "bad" | "warn" | "good" | "plain";

const TONES: Record<Tone, string> = {
  bad: "bg-bad-wash border-bad/40",
  warn: "bg-warn-wash border-warn/40",
  good: "bg-good-wash border-good/40",
  plain: "bg-sunken border-line",
};
const TITLES: Record<Tone, string> = { bad: "text-bad", warn: "text-warn", good: "text-good", plain: "text-ink" };

interface NoticeProps {
  tone?: Tone;
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

export function Notice({ tone = "plain", title, children, actions }: NoticeProps) {
  return (
    <div role={tone === "bad" ? "alert" : undefined} className={`rounded-md border p-4 text-sm ${TONES[tone]}`}>
      {title !== undefined && <p className={`font-semibold ${TITLES[tone]}`}>{title}</p>}
      {children !== undefined && <div className="mt-1 break-words whitespace-pre-line">{children}</div>}
      {actions !== undefined && <div className="mt-3 flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}

/** An error in the server's words, with the id by which its log knows the request. */
export function ErrorNotice({ error, actions }: { error: unknown; actions?: ReactNode }) {
  const { title, text, requestId } = explainError(error);
  return (
    <Notice tone="bad" title={title} actions={actions}>
      {text}
      {requestId !== undefined && <span className="mt-2 block font-mono text-xs text-soft">Request {requestId}</span>}
    </Notice>
  );
}

export function explainError(error: unknown): { title: string; text: string; requestId?: string } {
  if (error instanceof ApiError) {
    return { title: error.title ?? "That did not work", text: error.detail.trim(), requestId: error.requestId };
  }
  if (error instanceof ConnectionError) {
    return {
      title: "The server does not answer",
      text: "It may have been stopped, or the network is away. Start it with `npm start`; nothing that it had taken is lost.",
    };
  }
  return {
    title: "This page made a mistake",
    text: `${error instanceof Error ? error.message : String(error)}\nLoad the page again. If it comes back, it is a fault worth reporting.`,
  };
}
