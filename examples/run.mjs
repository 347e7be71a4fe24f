/**
 * Draws with a trained version through Replicate's own client for Node: only the base URL differs.
 *
 *   REPLICATE_API_TOKEN=… node examples/run.mjs you/toy:VERSION "a TOK emoji of a fox" fox.png
 */
import { writeFile } from "node:fs/promises";
import Replicate from "replicate";

const [version, prompt, path] = process.argv.slice(2);
const baseUrl = process.env.EASEL_URL ?? "http://127.0.0.1:7788/v1";
const replicate = new Replicate({ baseUrl });

const [image] = await replicate.run(version, { input: { prompt, seed: 1 } });
await writeFile(path, Buffer.from(await (await image.blob()).arrayBuffer()));
