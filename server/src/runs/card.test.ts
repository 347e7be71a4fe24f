import { Model, ModelCard } from "@easel/contract";
import { expect, test } from "vitest";
import { read } from "../testing/read.ts";
import { makeWorld } from "../testing/world.ts";

test("the example that comes with Easel has a card with three prompts, a picture of each, a README and a cover", async () => {
  const world = await makeWorld();
  const path = "/v1/models/easel/emoji-3d";
  const model = await read(world.call("GET", path), Model);
  const card = await read(world.call("GET", `${path}/versions/${model.latest_version?.id}/card`), ModelCard);
  expect(card).toMatchObject({ technique: "pivotal", token_strings: ["TOK"], trigger: { present: 16, total: 16 } });
  expect(card.prompts).toHaveLength(3);
  for (const { picture } of card.prompts) {
    const reply = await world.app.request(picture ?? "");
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "image/png"]);
  }
  const unsigned = (card.prompts[0]?.picture ?? "").split("?")[0] ?? "";
  expect((await world.app.request(unsigned)).status).toBe(404);
  expect(model.cover_image_url).toBe(card.prompts[0]?.picture);
  const readme = await (await world.call("GET", `${path}/readme`)).text();
  expect(readme).toContain('easel run easel/emoji-3d prompt="a TOK emoji of a fox" seed=0');
  expect(readme).toContain("Its word is `TOK`, which 16 of 16 captions hold.");
  expect(readme).toMatch(/\| the tar \| [0-9a-f]{64} \|/);
});

test("a base has no card, and no README that nobody wrote", async () => {
  const world = await makeWorld();
  const { latest_version } = await read(world.call("GET", "/v1/models/easel/emoji"), Model);
  expect((await world.call("GET", `/v1/models/easel/emoji/versions/${latest_version?.id}/card`)).status).toBe(404);
  expect((await world.call("GET", "/v1/models/easel/emoji/readme")).status).toBe(404);
});
