"use client";
import type { ReactNode } from "react";
import { Dialog as Primitive } from "radix-ui";
import { useTranslations } from "use-intl";
import { IconButton } from "./button";
import { CrossIcon } from "./icons";
import { classes } from "./classes";

interface SheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  className?: string;
}

/**
 * A drawer from the right (from below on a phone) that lies beside the page: the page stays usable, so its
 * keys stay bound. Escape closes it.
 */
export function Sheet({ open, onOpenChange, title, aside, children, footer, className }: SheetProps) {
  const t = useTranslations("ui");
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Primitive.Portal>
        <Primitive.Content
          aria-describedby={undefined}
          onInteractOutside={(event) => event.preventDefault()}
          className={classes(
            "fixed z-30 flex flex-col border-edge bg-panel",
            "top-0 right-0 bottom-0 w-[min(440px,100vw)] border-l max-desk:top-[12dvh] max-desk:w-full max-desk:rounded-t-panel max-desk:border-t max-desk:border-l-0",
            className,
          )}
        >
          <div className="flex h-[48px] shrink-0 items-center gap-3 border-b border-line px-4">
            <Primitive.Title className="font-semibold">{title}</Primitive.Title>
            {aside ? <span className="text-ink-3">{aside}</span> : null}
            <Primitive.Close asChild>
              <IconButton label={t("close")} className="-mr-1.5 ml-auto">
                <CrossIcon />
              </IconButton>
            </Primitive.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
          {footer ? <div className="flex shrink-0 flex-wrap gap-2 border-t border-line px-4 py-3">{footer}</div> : null}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
