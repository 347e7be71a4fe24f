/** The same input as the base would have drawn it: no LoRA, and none of the words that only the training knows. */
import type { InputField, RunInput } from "@easel/contract";

/** `tokens` are the version's token strings, whole words and case-exact as in training. */
export function withoutTraining(fields: InputField[], input: RunInput, tokens: readonly string[]): RunInput {
  const usual = fields.find(({ name }) => name === "prompt")?.default;
  const prompt = input.prompt ?? usual;
  const plain = { ...input, lora_scale: 0 };
  return typeof prompt === "string" ? { ...plain, prompt: withoutWords(prompt, tokens) } : plain;
}

function withoutWords(prompt: string, words: readonly string[]): string {
  const stripped = words.reduce(
    (text, word) => text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_])${literally(word)}(?![\\p{L}\\p{N}_])`, "gu"), ""),
    prompt,
  );
  return stripped
    .replaceAll(/ {2,}/g, " ")
    .replaceAll(/\b([Aa]) (?=[aeiou])/g, "$1n ")
    .trim();
}

function literally(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
