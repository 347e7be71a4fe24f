import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { File, isTerminal, Prediction, Problem, Training, Version } from "@easel/contract";
import { expect, onTestFinished, test } from "vitest";
import { sha256Hex } from "../ids.ts";
import { listEventsOfTypes } from "../runs/events.ts";
import { read } from "../testing/read.ts";
import { endedTraining } from "../testing/training.ts";
import { listDataFiles, makeWorld, type World } from "../testing/world.ts";

const VERSIONS = "/v1/models/you/own/versions";

/** Streams words, as a language model does. */
const WRITER = {
  "cog.yaml": 'build:\n  python_version: "3.11"\npredict: "predict.py:Predictor"\n',
  "predict.py": `
from cog import BasePredictor, ConcatenateIterator, Input
from words import WORDS

class Predictor(BasePredictor):
    def predict(self, count: int = Input(default=3, ge=0, le=9)) -> ConcatenateIterator[str]:
        print("ready to write")
        for number in range(count):
            yield WORDS[number] + " "
`,
  "words.py": 'WORDS = ["once", "upon", "a", "time"]\n',
};

/** "Trains" the hash of the bytes that it was given. */
const LEARNER = {
  "cog.yaml": 'predict: "predict.py:predict"\ntrain: "train.py:train"\n',
  "predict.py": "def predict(name: str) -> str:\n    return name\n",
  "train.py": `
import hashlib
from cog import BaseModel, Input, Path

class TrainingOutput(BaseModel):
    weights: Path

def train(input_images: Path = Input(description="Anything")) -> TrainingOutput:
    digest = hashlib.sha256(input_images.read_bytes()).hexdigest()
    Path("weights.txt").write_text(digest)
    return TrainingOutput(weights=Path("weights.txt"))
`,
};

async function makeFolder(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "easel-own-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

async function makeModel(options = {}): Promise<World> {
  const world = await makeWorld({}, options);
  await world.call("POST", "/v1/models", { owner: "you", name: "own", visibility: "private", hardware: "cpu" });
  return world;
}

function add({ call }: World, folder: string): Promise<Version> {
  return read(call("POST", VERSIONS, { folder }), Version);
}

async function predict({ call, context }: World, version: string, input: object): Promise<Prediction> {
  const { id } = await read(call("POST", "/v1/predictions", { version: `you/own:${version}`, input }), Prediction);
  while (true) {
    const changed = context.watch.next(id, 1000);
    const current = await read(call("GET", `/v1/predictions/${id}`), Prediction);
    if (isTerminal(current.status)) return current;
    await changed;
  }
}

async function train(world: World, version: string, body: object): Promise<Training> {
  const { id } = await read(world.call("POST", `${VERSIONS}/${version}/trainings`, body), Training);
  return endedTraining(world, id);
}

test("a folder of one's own is a version, whose words come one by one", async () => {
  const world = await makeModel({ processes: true });
  const { id, openapi_schema } = await add(world, await makeFolder(WRITER));
  expect(openapi_schema.components).toMatchObject({
    schemas: { Output: { "x-cog-array-type": "iterator", "x-cog-array-display": "concatenate" } },
  });
  const run = await predict(world, id, { count: 4 });
  expect(run).toMatchObject({ status: "succeeded", output: ["once ", "upon ", "a ", "time "] });
  const chunks = await listEventsOfTypes(world.context.db, run.id, ["chunk"]);
  expect(chunks.map(({ body }) => JSON.parse(body))).toEqual([
    { value: "once " },
    { value: "upon " },
    { value: "a " },
    { value: "time " },
  ]);
  expect(await predict(world, id, { count: 0 })).toMatchObject({ status: "succeeded", output: [] });
  const refused = await world.call("POST", "/v1/predictions", { version: `you/own:${id}`, input: { count: 10 } });
  expect((await read(refused, Problem)).detail).toContain("input.count: Must be less than or equal to 9");
});

test("a version stays what its folder was; the same content is the same version", async () => {
  const world = await makeModel({ processes: true });
  const folder = await makeFolder(WRITER);
  const first = await add(world, folder);
  await writeFile(join(folder, "words.py"), 'WORDS = ["never"]\n');
  const second = await add(world, folder);
  expect(second.id).not.toBe(first.id);
  expect((await predict(world, first.id, { count: 1 })).output).toEqual(["once "]);
  expect((await predict(world, second.id, { count: 1 })).output).toEqual(["never "]);
  await writeFile(join(folder, "words.py"), WRITER["words.py"]);
  expect(await add(world, folder)).toEqual(first);
});

test("its trainer gets the bytes that were sent, and what it writes is published as it is", async () => {
  const world = await makeModel({ processes: true });
  const { id } = await add(world, await makeFolder(LEARNER));
  const form = new FormData();
  form.append("content", new Blob(["no archive at all"]), "notes.txt");
  const headers = { Authorization: `Bearer ${world.token}` };
  const file = await read(world.app.request("/v1/files", { method: "POST", body: form, headers }), File);
  const body = { destination: "you/own", input: { input_images: file.urls.get } };
  // predict() takes no weights, and says so where a training of it is checked.
  const error = expect.stringContaining("takes no trained weights");
  expect(await train(world, id, body)).toMatchObject({ status: "failed", error });
  const taking = {
    ...LEARNER,
    "cog.yaml": 'predict: "predict.py:Predictor"\ntrain: "train.py:train"\n',
    "predict.py": `
from cog import Path

class Predictor:
    def setup(self, weights: Path | None = None) -> None:
        self.learnt = weights.read_text() if weights else "nothing"

    def predict(self, name: str = "it") -> str:
        return f"{name} knows {self.learnt}"
`,
  };
  const able = await add(world, await makeFolder(taking));
  const done = await train(world, able.id, body);
  expect(done.status).toBe("succeeded");
  const version = done.output?.version.split(":")[1] ?? "";
  const told = await predict(world, version, { name: "this" });
  expect(told.output).toBe(`this knows ${sha256Hex("no archive at all")}`);
}, 60_000);

test.each<[what: string, files: Record<string, string>, words: string]>([
  ["no cog.yaml", { "predict.py": "" }, "cog.yaml: there is none"],
  ["a cog.yaml that is no YAML", { "cog.yaml": "build:\n  - [\n" }, "cog.yaml:3: this is no YAML"],
  ["a cog.yaml without functions", { "cog.yaml": "build: {}\n" }, "cog.yaml: it names neither predict nor train"],
  ["an entry that is no entry", { "cog.yaml": "build: {}\npredict: predict.py\n" }, "cog.yaml:2: predict is FILE:NAME"],
  ["a file that is not there", { "cog.yaml": "predict: gone.py:P\n" }, "cog.yaml:1: it names gone.py, which is not"],
  [
    "a class that is not there",
    { "cog.yaml": "predict: predict.py:P\n", "predict.py": "class Q: pass\n" },
    "cog.yaml:1: there is no P in predict.py; it has Q",
  ],
  [
    "code that is no Python",
    { "cog.yaml": "predict: predict.py:P\n", "predict.py": "\n\nclass P\n" },
    "predict.py:3: SyntaxError",
  ],
  [
    "a package that is not installed, two files away",
    { "cog.yaml": "predict: predict.py:P\n", "predict.py": "import near\n", "near.py": "\nimport far_away\n" },
    "near.py:2: ModuleNotFoundError: No module named 'far_away'. Install it into Easel's Python",
  ],
  [
    "an input without a type",
    { "cog.yaml": "predict: p.py:P\n", "p.py": "class P:\n  def predict(self, text): return text\n" },
    "p.py:2: the input text of predict() has no type",
  ],
  [
    "a type that Cog does not know",
    { "cog.yaml": "train: p.py:train\n", "p.py": "def train(text: set) -> str: return text\n" },
    "p.py:1: <class 'set'> is no type",
  ],
  [
    "a function that is async",
    { "cog.yaml": "predict: p.py:P\n", "p.py": "class P:\n  async def predict(self, a: str) -> str: return a\n" },
    "p.py:2: predict() is async",
  ],
])("%s is told by file and line", async (_what, files, words) => {
  const world = await makeModel();
  const reply = await world.call("POST", VERSIONS, { folder: await makeFolder(files) });
  expect(reply.status).toBe(422);
  const { detail } = await read(reply, Problem);
  expect(detail).toContain(words);
  expect(detail).toMatch(/\. Mend it, and add the folder again\.$/);
  expect((await listDataFiles(world.context)).filter((path) => path.startsWith("own/"))).toEqual([]);
});

test("a path that leads nowhere, or in a circle, is refused", async () => {
  const world = await makeModel();
  const folder = await makeFolder(WRITER);
  await symlink(folder, join(folder, "self"));
  for (const [path, words] of [
    ["/nowhere", "There is no folder /nowhere"],
    ["relative", "There is no folder relative"],
    [folder, "self links to a folder that it lies in"],
  ]) {
    const reply = await world.call("POST", VERSIONS, { folder: path });
    expect(reply.status).toBe(422);
    expect((await read(reply, Problem)).detail).toContain(words);
  }
});
