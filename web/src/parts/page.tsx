/** A page: its title in the tab and on top, what can be done with the whole of it, and its content. */
import type { ReactNode } from "react";

interface PageProps {
  /** In the browser's tab. */
  title: string;
  heading?: ReactNode;
  /** One sentence under the heading. */
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, heading = title, lead, actions, children }: PageProps) {
  return (
    <div className="mx-auto w-full max-w-6xl px-4 py-6 sm:px-6 sm:py-10">
      <title>{`${title} · Easel`}</title>
      <div className="mb-6 flex flex-wrap items-start justify-between gap-4 sm:mb-8">
        <div className="min-w-0 max-w-2xl">
          <h1 className="text-xl font-semibold tracking-tight break-words sm:text-2xl">{heading}</h1>
          {lead !== undefined && <div className="mt-2 text-soft">{lead}</div>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
