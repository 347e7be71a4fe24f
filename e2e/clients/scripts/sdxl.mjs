/**
 * Written for replicate.com, after its guide to fine-tuning SDXL: makes a model, uploads images, trains the version that
 * the guide names, waits, and draws with the result. Of the address and the token nothing stands here but the constructor.
 */
import { readFile, writeFile } from "node:fs/promises";
import Replicate from "replicate";

const [zip, destination, picture] = process.argv.slice(2);
const replicate = new Replicate({ auth: process.env.REPLICATE_API_TOKEN, baseUrl: process.env.BASE_URL });
const [owner, name] = destination.split("/");

await replicate.models.create(owner, name, { visibility: "private", hardware: "gpu-t4" });
const images = await replicate.files.create(new File([await readFile(zip)], "data.zip", { type: "application/zip" }));

const training = await replicate.trainings.create(
  "stability-ai",
  "sdxl",
  "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b",
  {
    destination: `${owner}/${name}`,
    input: {
      input_images: images.urls.get,
      token_string: "TOK",
      caption_prefix: "a photo of TOK, ",
      resolution: 64,
      train_batch_size: 1,
      max_train_steps: 1,
      use_face_detection_instead: false,
    },
  },
);
console.log("training", training.id);

let current = training;
while (!["succeeded", "failed", "canceled"].includes(current.status)) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  current = await replicate.trainings.get(training.id);
}
if (current.status !== "succeeded") throw new Error(`${current.status}: ${current.error}\n${current.logs}`);
console.log("version", current.output.version);

const input = {
  prompt: "a photo of TOK riding a rainbow unicorn",
  width: 128,
  height: 128,
  refine: "no_refiner",
  scheduler: "K_EULER",
  lora_scale: 0.6,
  num_outputs: 1,
  guidance_scale: 7.5,
  apply_watermark: false,
  high_noise_frac: 0.8,
  prompt_strength: 0.8,
  num_inference_steps: 2,
};
const [tuned] = await replicate.run(current.output.version, { input });
await writeFile(picture, tuned);

const base = "stability-ai/sdxl:7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc";
const [plain] = await replicate.run(base, { input });
console.log("plain", (await plain.blob()).size > 0);
