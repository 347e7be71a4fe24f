import { ModelCard } from "@easel/contract";
import { expect, test } from "vitest";
import { describeCard } from "./describe-card.ts";

test("a README says as what a token string is read that has no rows of its own", () => {
  const card = ModelCard.parse({ technique: "lora", token_strings: ["TOK"], read_as: { TOK: "style" } });
  expect(describeCard(card, "you/toy")).toContain('Its word is `TOK`. The base reads `TOK` as "style"');
  const pivotal = ModelCard.parse({ technique: "pivotal", token_strings: ["TOK"] });
  expect(describeCard(pivotal, "you/toy")).not.toContain("reads");
});
