/** What stands around every page: the bar on top, and the question who you are before anything else. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { linkClient } from "../client.ts";
import { SignIn } from "../pages/home/sign-in.tsx";
import { accountQuery } from "../session.ts";
import { AccountMenu } from "./account-menu.tsx";
import { buttonClass } from "./button.tsx";
import { Mark } from "./mark.tsx";
import { ErrorNotice } from "./notice.tsx";
import { PLACES } from "./places.ts";

export function Shell() {
  const account = useQuery(accountQuery);
  const isOpen = Boolean(account.data) || linkClient !== undefined;
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-md focus:bg-surface focus:p-3"
      >
        Skip to the content
      </a>
      <Bar name={account.data?.username} />
      <main id="content" tabIndex={-1} className="flex-1 outline-none">
        {account.isError && !isOpen && (
          <div className="mx-auto max-w-lg p-6">
            <ErrorNotice error={account.error} />
          </div>
        )}
        {account.data === null && !isOpen && <SignIn />}
        {isOpen && <Outlet />}
      </main>
    </div>
  );
}

function Bar({ name }: { name: string | undefined }) {
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-canvas/90 backdrop-blur">
      <div className="mx-auto flex h-14 max-w-6xl items-center gap-1 px-4 sm:px-6">
        <Link to="/" className="mr-2 flex items-center gap-2 rounded-md font-semibold tracking-tight">
          <Mark />
          Easel
        </Link>
        {name !== undefined && (
          <nav aria-label="Main" className="hidden items-center gap-1 sm:flex">
            {PLACES.map((place) => (
              <Link
                key={place.to}
                to={place.to}
                className="rounded-md px-3 py-1.5 text-sm text-soft hover:text-ink aria-[current=page]:text-ink aria-[current=page]:font-medium"
              >
                {place.label}
              </Link>
            ))}
          </nav>
        )}
        <div className="ml-auto flex items-center gap-2">
          {name !== undefined && (
            <Link to="/create" className={`${buttonClass("primary", "small")} aria-[current=page]:hidden`}>
              New training
            </Link>
          )}
          <AccountMenu name={name} />
        </div>
      </div>
    </header>
  );
}
