/** A run's log, of any length: only the lines in view stand in the page. Stays at the end until the reader scrolls up. */
import { useEffect, useRef, useState } from "react";

const LINE_PIXELS = 20;
const HEIGHT_PIXELS = 360;
/** Lines above and below, so that fast scrolling shows no gap. */
const SPARE = 20;

/** `lines` is changed in place: `count` says how many there are now. */
export function Log({ lines, count }: { lines: string[]; count: number }) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current && box.current) box.current.scrollTop = count * LINE_PIXELS;
  }, [count]);
  if (count === 0) return <p className="text-sm text-soft">Nothing has been written yet.</p>;
  const first = Math.max(0, Math.floor(top / LINE_PIXELS) - SPARE);
  const last = Math.min(count, Math.ceil((top + HEIGHT_PIXELS) / LINE_PIXELS) + SPARE);
  return (
    <div
      ref={box}
      role="log"
      aria-label="Log"
      aria-live="off"
      tabIndex={0}
      className="overflow-auto rounded-md bg-sunken px-3 py-2 font-mono text-xs"
      style={{ maxHeight: HEIGHT_PIXELS }}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight >= scrollHeight - LINE_PIXELS;
        setTop(scrollTop);
      }}
    >
      <div className="relative" style={{ height: count * LINE_PIXELS }}>
        <pre
          className="absolute top-0 left-0"
          style={{ lineHeight: `${LINE_PIXELS}px`, transform: `translateY(${first * LINE_PIXELS}px)` }}
        >
          {lines.slice(first, last).join("\n")}
        </pre>
      </div>
    </div>
  );
}
