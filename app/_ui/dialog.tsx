"use client";
import type { ReactNode } from "react";
import { Dialog as Primitive } from "radix-ui";
import { useTranslations } from "use-intl";
import { IconButton } from "./button";
import { CrossIcon } from "./icons";
import { KeysLayer } from "./keys";
import { classes } from "./classes";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** One sentence under the title. */
  description?: ReactNode;
  children?: ReactNode;
  /** Buttons; the one that goes on stands last. */
  footer?: ReactNode;
  wide?: boolean;
}

/** A question or a short form that must be settled before going on. Escape closes it; focus comes back. */
export function Dialog({ open, onOpenChange, title, description, children, footer, wide }: DialogProps) {
  const t = useTranslations("ui");
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Primitive.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className={classes(
            "fixed z-50 flex max-h-[88dvh] w-[calc(100vw-24px)] flex-col overflow-hidden rounded-panel border border-edge bg-panel",
            "top-[12dvh] left-1/2 -translate-x-1/2 max-desk:top-auto max-desk:bottom-3",
            wide ? "max-w-[680px]" : "max-w-[460px]",
          )}
        >
          <KeysLayer>
            <div className="flex items-start gap-3 px-4 pt-4">
              <div className="min-w-0 flex-1">
                <Primitive.Title className="text-15! font-semibold">{title}</Primitive.Title>
                {description ? <Primitive.Description className="mt-1 text-ink-2">{description}</Primitive.Description> : null}
              </div>
              <Primitive.Close asChild>
                <IconButton label={t("close")} className="-mt-1 -mr-1">
                  <CrossIcon />
                </IconButton>
              </Primitive.Close>
            </div>
            <div className="min-h-0 flex-1 overflow-y-auto px-4 py-4">{children}</div>
            {footer ? <div className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3 max-desk:*:flex-1">{footer}</div> : null}
          </KeysLayer>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
