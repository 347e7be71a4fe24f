/** What a training needs on the disk, asked before it starts. The disk's free space is the test's; all else is real. */
import { Model, Problem } from "@easel/contract";
import { expect, test, vi } from "vitest";
import { bytesNeeded, RESERVE_BYTES } from "../models/needed-bytes.ts";
import { read } from "../testing/read.ts";
import { uploadArchive } from "../testing/training.ts";
import { listDataFiles, makeWorld } from "../testing/world.ts";

const disk = vi.hoisted(() => ({ freeBytes: 0 }));
vi.mock("node:fs/promises", async (original) => ({
  ...(await original<typeof import("node:fs/promises")>()),
  statfs: async () => ({ bavail: disk.freeBytes / 1000, bsize: 1000 }),
}));

const needed = (rank: number) =>
  bytesNeeded({
    base: "emoji",
    technique: "pivotal",
    rank,
    hasFeedForward: false,
    movesTextEncoders: false,
    isAveraged: true,
    steps: 200,
    checkpointingSteps: 999_999,
  });

test("a training that would not fit on the disk is refused with both numbers, and leaves nothing", async () => {
  const world = await makeWorld();
  await world.call("POST", "/v1/models", { owner: "you", name: "toy", visibility: "private", hardware: "cpu" });
  const input_images = await uploadArchive(world);
  const { latest_version } = await read(world.call("GET", "/v1/models/easel/emoji"), Model);
  const train = (input: object) =>
    world.call("POST", `/v1/models/easel/emoji/versions/${latest_version?.id}/trainings`, {
      destination: "you/toy",
      input: { input_images, ...input },
    });
  const before = await listDataFiles(world.context);
  // Room for a LoRA of rank 8, not for the base's own default of 16, nor for a whole network.
  disk.freeBytes = RESERVE_BYTES + needed(8);
  for (const input of [{}, { technique: "lora" }, { technique: "dreambooth" }, { is_lora: false }]) {
    const reply = await train(input);
    expect(reply.status).toBe(507);
    const { title, detail } = await read(reply, Problem);
    expect(title).toBe("Insufficient storage");
    expect(detail).toMatch(/^This training can come to [\d.]+[MG]B, 1GB have to stay free, .* data folder has 1GB\./);
    expect(detail).toContain("easel gc --dry-run");
  }
  expect(await listDataFiles(world.context)).toEqual(before);
  expect(await world.context.db.selectFrom("runs").selectAll().execute()).toEqual([]);
  for (const input of [{ lora_rank: 8 }, { technique: "textual_inversion" }])
    expect((await train(input)).status).toBe(201);
  disk.freeBytes -= 1000;
  expect((await train({ lora_rank: 8 })).status).toBe(507);
});
