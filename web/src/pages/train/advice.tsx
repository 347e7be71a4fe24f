/** What makes good images, in three lines, and one of each kind to see it. */
import bad from "./bad.webp";
import good from "./good.webp";

const LINES = [
  ["One subject, large in the picture,", "on a plain ground: what is around it is learnt as well."],
  ["Ten to twenty pictures,", "five at the least. More for a style than for a thing."],
  ["All different:", "angles, light, distance, grounds. What never changes is what sticks."],
];

export function Advice() {
  return (
    <div className="flex flex-col gap-4 sm:flex-row sm:items-center">
      <div className="flex shrink-0 gap-3">
        <Example url={good} alt="A teddy bear that fills the picture, on a plain ground" verdict="Good" />
        <Example url={bad} alt="The same teddy bear, small, in a heap of other things" verdict="Poor" />
      </div>
      <ul className="flex flex-col gap-1.5 text-sm">
        {LINES.map(([what, why]) => (
          <li key={what}>
            <span className="font-medium">{what}</span> <span className="text-soft">{why}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Example({ url, alt, verdict }: { url: string; alt: string; verdict: "Good" | "Poor" }) {
  return (
    <figure className="w-24">
      <img src={url} alt={alt} width={240} height={240} className="h-auto w-full rounded-md" />
      <figcaption className={`mt-1 text-xs font-semibold ${verdict === "Good" ? "text-good" : "text-bad"}`}>
        <span aria-hidden="true">{verdict === "Good" ? "✓" : "✕"}</span> {verdict}
      </figcaption>
    </figure>
  );
}
