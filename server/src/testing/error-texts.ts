/**
 * Every sentence that the sources can refuse somebody with, read from their syntax: what stands in a template's braces is
 * "…". Knows nothing of what a good one is.
 */
import { parseAst } from "vite";

export interface ErrorText {
  line: number;
  text: string;
}

/** Which argument of each holds the sentence; of the command line's failures the second one goes on. */
const SAID: Record<string, [first: number, last: number]> = {
  HttpError: [1, 1],
  badRequest: [0, 0],
  unauthenticated: [0, 0],
  forbidden: [1, 1],
  notFound: [0, 0],
  conflict: [0, 0],
  tooLarge: [0, 0],
  unprocessable: [1, 1],
  ArchiveRefused: [0, 0],
  FetchRefused: [0, 0],
  UnusableWeights: [0, 0],
  CommandFailure: [0, 1],
  UsageError: [0, 1],
};

interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

/** The sentences of one TypeScript source. */
export function readErrorTexts(source: string): ErrorText[] {
  const found: ErrorText[] = [];
  const constants = new Map<string, Node>();
  const add = (node: Node, texts: string[]) => {
    const line = source.slice(0, node.start).split("\n").length;
    for (const text of texts) if (text.replaceAll("…", "").trim() !== "") found.push({ line, text });
  };
  walk(parseAst(source, { lang: "ts" }), (node) => {
    const { id, init, callee } = node;
    if (node.type === "VariableDeclarator" && isNode(id) && isNode(init)) constants.set(String(id.name), init);
    if ((node.type === "NewExpression" || node.type === "CallExpression") && isNode(callee)) {
      const [first, last] = SAID[String(callee.name)] ?? [0, -1];
      const parts = nodesIn(node.arguments).slice(first, last + 1);
      if (parts.length > 0)
        add(
          node,
          combine(
            parts.map((part) => textsOf(part, constants)),
            " ",
          ),
        );
    }
    if (node.type === "ObjectExpression") {
      const values = new Map(nodesIn(node.properties).map(({ key, value }) => [isNode(key) ? key.name : "", value]));
      const said = values.has("field") ? values.get("description") : values.has("error_code") && values.get("error");
      if (isNode(said)) add(node, textsOf(said, constants));
    }
  });
  return found;
}

/** What an expression may say. */
function textsOf(node: Node, constants: Map<string, Node>): string[] {
  switch (node.type) {
    case "Literal":
      return [String(node.value)];
    case "TemplateLiteral":
      return [
        nodesIn(node.quasis)
          .map(({ value }) => (typeof value === "object" && value !== null && "cooked" in value ? value.cooked : ""))
          .join("…"),
      ];
    case "BinaryExpression":
      return combine(
        [node.left, node.right].flatMap((side) => (isNode(side) ? [textsOf(side, constants)] : [])),
        "",
      );
    case "ConditionalExpression":
      return [node.consequent, node.alternate].flatMap((side) => (isNode(side) ? textsOf(side, constants) : []));
    case "Identifier": {
      const init = constants.get(String(node.name));
      return init === undefined ? ["…"] : textsOf(init, new Map());
    }
    default:
      return ["…"];
  }
}

function combine(parts: string[][], between: string): string[] {
  return parts.reduce((before, texts) => before.flatMap((one) => texts.map((text) => `${one}${between}${text}`)));
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit);
  else if (isNode(value)) {
    visit(value);
    for (const child of Object.values(value)) if (typeof child === "object") walk(child, visit);
  }
}

function nodesIn(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
