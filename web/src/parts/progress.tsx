/** How far something is. `value` of `max`, or unknown where it is left out. */
export function Progress({ label, value, max }: { label: string; value?: number; max?: number }) {
  const share = value === undefined || !max ? undefined : Math.min(1, value / max);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={value}
      className="h-2 w-full overflow-hidden rounded-full bg-sunken"
    >
      {share === undefined ? (
        <div className="h-full w-1/3 motion-safe:animate-pulse rounded-full bg-accent/50" />
      ) : (
        <div
          className="h-full rounded-full bg-accent transition-[width] duration-300"
          style={{ width: `${share * 100}%` }}
        />
      )}
    </div>
  );
}
