/** The loss over the steps: each value faint, and their running mean, which is what to look at. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Curve } from "../../story.ts";

const HEIGHT_PIXELS = 220;
/** How much of the mean the next value moves. */
const WEIGHT = 0.1;

/** `curve` is changed in place: `count` says how many points it has now. Its colours are read once: give it the theme as key. */
export default function LossCurve({ curve, count }: { curve: Curve; count: number }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(options(element), [[], [], []], element);
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PIXELS }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => plot.current?.setData(dataOf(curve, count)), [curve, count]);

  const latest = curve.values.findLast((value) => value !== null);
  return (
    <div
      ref={box}
      role="img"
      aria-label={`Loss over ${count} steps, now ${latest?.toFixed(4) ?? "unknown"}`}
      className="min-w-0 overflow-hidden text-soft"
    />
  );
}

function options(element: HTMLElement): uPlot.Options {
  const colour = (name: string) => {
    element.style.color = `var(--color-${name})`;
    const value = getComputedStyle(element).color;
    element.style.color = "";
    return value;
  };
  const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT_PIXELS,
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 56 }],
    series: [
      {},
      { stroke: colour("edge"), width: 1, alpha: 0.5, points: { show: false } },
      { stroke: colour("accent"), width: 2, points: { show: false } },
    ],
  };
}

function dataOf(curve: Curve, count: number): uPlot.AlignedData {
  const [steps, values] = [curve.steps.slice(0, count), curve.values.slice(0, count)];
  let mean: number | undefined;
  const means = values.map((value) => {
    if (value !== null) mean = mean === undefined ? value : mean + WEIGHT * (value - mean);
    return mean ?? null;
  });
  return [steps, values, means];
}
