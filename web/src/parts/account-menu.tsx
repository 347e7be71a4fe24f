/** What is about the person: the theme, the way out and, on a phone, the places of the bar. */
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { signOut } from "../session.ts";
import { chooseTheme, THEMES, useTheme } from "../theme.ts";
import { buttonClass } from "./button.tsx";
import { PLACES } from "./places.ts";

const ITEM = "block w-full rounded-sm px-3 py-2 text-left text-sm hover:bg-sunken";
const THEME_WORDS = { system: "As the system", light: "Light", dark: "Dark" };

/** `name` is the account's; undefined for nobody. A popover, so that the browser closes it by itself. */
export function AccountMenu({ name }: { name: string | undefined }) {
  const panel = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const close = () => panel.current?.hidePopover();
  return (
    <>
      <button type="button" popoverTarget="account-menu" className={buttonClass("quiet", "small")}>
        <span className="max-w-32 truncate">{name ?? "Menu"}</span>
        <span aria-hidden="true">▾</span>
      </button>
      <div
        ref={panel}
        id="account-menu"
        popover="auto"
        className="fixed inset-auto top-14 right-3 m-0 w-56 rounded-md border border-line bg-surface p-1 text-ink shadow-lg sm:right-6"
      >
        {name !== undefined && (
          <nav aria-label="Pages" className="mb-1 border-b border-line pb-1 sm:hidden">
            {PLACES.map((place) => (
              <Link key={place.to} to={place.to} onClick={close} className={ITEM}>
                {place.label}
              </Link>
            ))}
          </nav>
        )}
        <fieldset className="px-3 py-2">
          <legend className="float-left mb-1 w-full text-xs font-medium text-soft">Theme</legend>
          {THEMES.map((value) => (
            <label key={value} className="flex clear-left cursor-pointer items-center gap-2 py-1 text-sm">
              <input type="radio" name="theme" checked={theme === value} onChange={() => chooseTheme(value)} />
              {THEME_WORDS[value]}
            </label>
          ))}
        </fieldset>
        {name !== undefined && (
          <button type="button" onClick={signOut} className={`${ITEM} border-t border-line`}>
            Sign out
          </button>
        )}
      </div>
    </>
  );
}
