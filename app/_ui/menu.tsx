"use client";
import type { ReactNode } from "react";
import { DropdownMenu } from "radix-ui";
import { CheckIcon } from "./icons";
import { classes } from "./classes";

interface MenuProps {
  /** The element that opens it: one button or chip. */
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  /** The menu's name for readers of the screen, where the trigger says too little. */
  label?: string;
  /** Open from the first moment: for menus that are made only when asked for. */
  defaultOpen?: boolean;
}

/** A menu under its opener, moved through by arrow keys and letters. */
export function Menu({ trigger, children, align = "start", label, defaultOpen = false }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen={defaultOpen}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={5}
          collisionPadding={8}
          {...(label ? { "aria-label": label } : {})}
          className="z-50 max-h-[min(420px,var(--radix-dropdown-menu-content-available-height))] min-w-[180px] max-w-[320px] overflow-y-auto rounded-control border border-edge bg-panel p-1"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const ITEM =
  "flex min-h-[28px] cursor-default items-center gap-2.5 rounded-[5px] px-2 outline-none select-none data-disabled:opacity-50 data-highlighted:bg-accent-soft max-desk:min-h-[44px]";

interface MenuItemProps {
  children: ReactNode;
  onSelect?: () => void;
  disabled?: boolean;
  danger?: boolean;
  /** A key or a figure, to the right. */
  aside?: ReactNode;
  /** The child is a link that becomes the item. */
  asChild?: boolean;
  title?: string;
}
export function MenuItem({ children, onSelect, disabled = false, danger, aside, asChild = false, title }: MenuItemProps) {
  return (
    <DropdownMenu.Item
      asChild={asChild}
      disabled={disabled}
      {...(title ? { title } : {})}
      {...(onSelect ? { onSelect } : {})}
      className={classes(ITEM, danger && "text-bad")}
    >
      {asChild ? (
        children
      ) : (
        <>
          <span className="min-w-0 flex-1 truncate">{children}</span>
          {aside ? <span className="text-12 text-ink-3">{aside}</span> : null}
        </>
      )}
    </DropdownMenu.Item>
  );
}

/** One of several, of which one holds. */
export function MenuChoice<T extends string>({ value, onChange, options, label }: { value: T; onChange: (value: T) => void; options: { value: T; label: ReactNode; aside?: ReactNode }[]; label?: string }) {
  return (
    <>
      {label ? <MenuLabel>{label}</MenuLabel> : null}
      <DropdownMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as T)} {...(label ? { "aria-label": label } : {})}>
        {options.map((option) => (
          <DropdownMenu.RadioItem key={option.value} value={option.value} className={ITEM}>
            <span className="grid size-3.5 place-items-center text-accent">
              <DropdownMenu.ItemIndicator>
                <CheckIcon />
              </DropdownMenu.ItemIndicator>
            </span>
            <span className="min-w-0 flex-1 truncate">{option.label}</span>
            {option.aside ? <span className="text-12 text-ink-3">{option.aside}</span> : null}
          </DropdownMenu.RadioItem>
        ))}
      </DropdownMenu.RadioGroup>
    </>
  );
}
export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 pt-2 pb-1 text-11 text-ink-3">{children}</DropdownMenu.Label>;
}
export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
