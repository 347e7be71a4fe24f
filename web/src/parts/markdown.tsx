/**
 * Markdown as React elements: what somebody wrote can be text, links and pictures, and nothing else. HTML in it is shown
 * as the text that it is. Links lead to the web only, pictures come from this server only, as the page's policy has it.
 */
import { marked, type Token, type Tokens } from "marked";
import { Fragment, type ReactNode } from "react";

/** `linkTo` may send an address elsewhere, such as a page of the docs to its page here. */
export function Markdown({ text, linkTo = (href) => href }: { text: string; linkTo?: (href: string) => string }) {
  return (
    <div className="flex min-w-0 max-w-3xl flex-col gap-4 leading-relaxed break-words">
      {blocks(marked.lexer(text), linkTo)}
    </div>
  );
}

type LinkTo = (href: string) => string;

function blocks(tokens: readonly Token[], linkTo: LinkTo): ReactNode[] {
  return tokens.map((token, place) => <Fragment key={place}>{draw(token, linkTo)}</Fragment>);
}

const HEADINGS = ["text-xl", "text-lg", "text-base", "text-base", "text-sm", "text-sm"];

function draw(token: Token, linkTo: LinkTo): ReactNode {
  const inner = () => blocks(("tokens" in token && token.tokens) || [], linkTo);
  switch (token.type) {
    case "heading":
      return heading(token as Tokens.Heading, inner());
    case "paragraph":
      return <p>{inner()}</p>;
    case "blockquote":
      return <blockquote className="border-l-4 border-line pl-4 text-soft">{inner()}</blockquote>;
    case "code":
      return (
        <pre tabIndex={0} className="overflow-x-auto rounded-md bg-sunken p-4 font-mono text-xs leading-5">
          {token.text}
        </pre>
      );
    case "list":
      return list(token as Tokens.List, linkTo);
    case "table":
      return table(token as Tokens.Table, linkTo);
    case "hr":
      return <hr className="border-line" />;
    case "strong":
      return <strong>{inner()}</strong>;
    case "em":
      return <em>{inner()}</em>;
    case "del":
      return <del>{inner()}</del>;
    case "codespan":
      return <code className="rounded-sm bg-sunken px-1 py-0.5 font-mono text-[0.85em]">{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return link(token as Tokens.Link, inner(), linkTo);
    case "image":
      return image(token as Tokens.Image);
    case "text":
      return "tokens" in token && token.tokens ? inner() : token.text;
    case "escape":
      return token.text;
    case "space":
      return null;
    default:
      return token.raw;
  }
}

function heading({ depth }: Tokens.Heading, inner: ReactNode): ReactNode {
  const className = `mt-2 font-semibold ${HEADINGS[depth - 1]}`;
  // The page has its own h1.
  if (depth <= 2) return <h2 className={className}>{inner}</h2>;
  return <h3 className={className}>{inner}</h3>;
}

function list({ ordered, items }: Tokens.List, linkTo: LinkTo): ReactNode {
  const drawn = items.map((item, place) => <li key={place}>{blocks(item.tokens, linkTo)}</li>);
  if (ordered) return <ol className="list-decimal space-y-1 pl-6">{drawn}</ol>;
  return <ul className="list-disc space-y-1 pl-6">{drawn}</ul>;
}

function table({ header, rows }: Tokens.Table, linkTo: LinkTo): ReactNode {
  const cell = "border-b border-line px-3 py-2 text-left align-top";
  return (
    <div tabIndex={0} className="overflow-x-auto">
      <table className="w-full border-collapse text-sm">
        <thead>
          <tr>
            {header.map((head) => (
              <th key={head.text} className={`${cell} font-semibold`}>
                {blocks(head.tokens, linkTo)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.map(({ text }) => text).join(" ")}>
              {row.map((one, place) => (
                <td key={place} className={cell}>
                  {blocks(one.tokens, linkTo)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function link({ href, title }: Tokens.Link, inner: ReactNode, linkTo: LinkTo): ReactNode {
  const to = linkTo(href);
  const isSafe = /^(https?:\/\/|\/|#|mailto:)/i.test(to) && !to.startsWith("//");
  if (!isSafe) return inner;
  return (
    <a href={to} title={title ?? undefined} rel="noreferrer" className="text-accent underline underline-offset-2">
      {inner}
    </a>
  );
}

function image({ href, text }: Tokens.Image): ReactNode {
  if (!href.startsWith("/") || href.startsWith("//")) return text;
  return <img src={href} alt={text} loading="lazy" className="max-w-full rounded-md" />;
}
