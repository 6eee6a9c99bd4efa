import type { ComponentProps, ReactNode } from "react";
import { useId } from "react";
import { classes } from "./classes";

/** Anything that is typed into looks like this. */
export const INPUT_CLASS =
  "h-[32px] w-full rounded-control border border-control bg-panel px-2.5 text-13 text-ink max-desk:h-[44px] max-desk:text-[16px] aria-[invalid=true]:border-bad disabled:opacity-60 read-only:bg-raised";

/** A line to type into. Inside a Field it takes the field's id and descriptions. */
export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input {...rest} className={classes(INPUT_CLASS, className)} />;
}

export interface FieldControl {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}
interface FieldProps {
  label: ReactNode;
  /** What to know before typing. */
  hint?: ReactNode;
  /** What is wrong and what to do; absent or null while nothing is. */
  error?: ReactNode;
  /** Beside the label, for a switch such as "show". */
  aside?: ReactNode;
  children: (control: FieldControl) => ReactNode;
}

/** A label, a control, a hint and an error that belong together for eyes and for screen readers. */
export function Field({ label, hint, error, aside, children }: FieldProps) {
  const id = useId();
  const describedBy = [hint ? `${id}-hint` : null, error ? `${id}-error` : null].filter(Boolean).join(" ");
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children({ id, "aria-describedby": describedBy || undefined, "aria-invalid": error ? true : undefined })}
      {hint ? (
        <p id={`${id}-hint`} className="text-12 text-ink-2">
          {hint}
        </p>
      ) : null}
      {error ? (
        <p id={`${id}-error`} role="alert" className="text-12 text-bad">
          {error}
        </p>
      ) : null}
    </div>
  );
}
