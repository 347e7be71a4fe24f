/** A picture of the server's or of the user's own. Small ones are shown in clear pixels, not blurred. */
import { localPath } from "../client.ts";

interface PictureProps {
  url: string;
  alt: string;
  className?: string;
}

export function Picture({ url, alt, className = "" }: PictureProps) {
  const source = url.startsWith("blob:") || url.startsWith("data:") ? url : localPath(url);
  return (
    <img
      src={source}
      alt={alt}
      loading="lazy"
      decoding="async"
      className={`block h-auto w-full rounded-md bg-sunken object-contain ${className}`}
    />
  );
}
