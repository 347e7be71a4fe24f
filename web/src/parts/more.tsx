/** The end of a list that goes on: comes near the window, fetches the next page; a button for whoever has no scrolling. */
import { useEffect, useRef } from "react";
import { Button } from "./button.tsx";

interface MoreProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

export function More({ query: { hasNextPage, isFetchingNextPage, fetchNextPage } }: MoreProps) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (end.current === null || !hasNextPage || isFetchingNextPage) return;
    const near = new IntersectionObserver(([entry]) => entry?.isIntersecting && fetchNextPage(), {
      rootMargin: "600px",
    });
    near.observe(end.current);
    return () => near.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (!hasNextPage) return null;
  return (
    <div ref={end} className="py-4 text-center">
      <Button look="quiet" busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
        More
      </Button>
    </div>
  );
}
