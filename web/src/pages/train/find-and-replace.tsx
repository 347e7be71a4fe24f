/** Changes a piece of text in all captions at once. */
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { TextField } from "../../parts/field.tsx";

interface FindAndReplaceProps {
  captions: string[];
  onReplace: (replace: (caption: string) => string) => void;
}

export function FindAndReplace({ captions, onReplace }: FindAndReplaceProps) {
  const [find, setFind] = useState("");
  const [replacement, setReplacement] = useState("");
  const count = find === "" ? 0 : captions.filter((caption) => caption.includes(find)).length;
  return (
    <form
      className="flex flex-wrap items-end gap-3 rounded-lg border border-line bg-surface p-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (count > 0) onReplace((caption) => caption.replaceAll(find, replacement));
      }}
    >
      <div className="min-w-36 flex-1">
        <TextField label="Find in captions" value={find} onChange={setFind} />
      </div>
      <div className="min-w-36 flex-1">
        <TextField label="Replace with" value={replacement} onChange={setReplacement} />
      </div>
      <Button type="submit" disabled={count === 0}>
        {count === 0 ? "Replace" : `Replace in ${count}`}
      </Button>
    </form>
  );
}
