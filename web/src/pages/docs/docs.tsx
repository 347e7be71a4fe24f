/** `/docs`: the user guide. Its pages are those of the repository's docs folder, taken in when the app is built. */
import { Link, useParams } from "@tanstack/react-router";
import { Markdown } from "../../parts/markdown.tsx";
import { NotFound } from "../../parts/not-found.tsx";
import { Page } from "../../parts/page.tsx";

const FILES: Record<string, string> = import.meta.glob("../../../../docs/*.md", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** In the order in which a newcomer needs them; a page that is not named here comes after. */
const ORDER = ["train", "run", "weights", "api", "write-a-model", "self-host", "troubleshooting"];

const PAGES = Object.entries(FILES)
  .map(([path, text]) => ({ name: path.split("/").at(-1)?.replace(".md", "") ?? "", text }))
  .sort((a, b) => placeOf(a.name) - placeOf(b.name));

export function Docs() {
  const { page: name } = useParams({ strict: false });
  const page = name === undefined ? PAGES[0] : PAGES.find((one) => one.name === name);
  if (page === undefined) return <NotFound />;
  const [, title = page.name] = /^# (.+)$/m.exec(page.text) ?? [];
  return (
    <Page title={title}>
      <div className="grid grid-cols-1 gap-8 lg:grid-cols-[12rem_minmax(0,1fr)]">
        <nav aria-label="Pages of the guide">
          <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm lg:flex-col">
            {PAGES.map((one) => (
              <li key={one.name}>
                <Link
                  to="/docs/$page"
                  params={{ page: one.name }}
                  aria-current={one === page ? "page" : undefined}
                  className="block py-1 text-soft hover:text-ink aria-[current=page]:font-medium aria-[current=page]:text-ink"
                >
                  {/^# (.+)$/m.exec(one.text)?.[1] ?? one.name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <Markdown text={page.text.replace(/^# .+$/m, "")} linkTo={linkTo} />
      </div>
    </Page>
  );
}

function placeOf(name: string): number {
  const place = ORDER.indexOf(name);
  return place === -1 ? ORDER.length : place;
}

/** Links between the files lead from page to page; to other files of the repository there is no way from here. */
function linkTo(href: string): string {
  const [, name] = /^(?:\.\/)?([\w-]+)\.md(?:#.*)?$/.exec(href) ?? [];
  return name !== undefined && PAGES.some((page) => page.name === name) ? `/docs/${name}` : href;
}
