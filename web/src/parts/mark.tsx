/** Easel's mark: a picture on an easel. */
export function Mark() {
  return (
    <svg aria-hidden="true" viewBox="0 0 24 24" className="size-6 text-accent">
      <path
        d="M12 2v3M4 18h16M8 18l-3 4M16 18l3 4"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        fill="none"
      />
      <rect x="5" y="5" width="14" height="10.5" rx="1.5" fill="currentColor" />
      <circle cx="9.5" cy="8.8" r="1.4" fill="#e8793a" />
      <path d="m6.5 14 3.5-3.2 2 1.8 2.7-2.8 2.8 2.8V14z" fill="var(--color-canvas)" />
    </svg>
  );
}
