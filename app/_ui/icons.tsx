import type { ReactNode } from "react";
import { classes } from "./classes";

interface IconProps {
  className?: string;
}
/** Line icons on a 20 px grid, drawn for this page. Decoration: the word stands beside or in aria-label. */
function icon(content: ReactNode) {
  return function Icon({ className }: IconProps) {
    return (
      <svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" strokeLinecap="round" className={classes("size-4 shrink-0", className)}>
        {content}
      </svg>
    );
  };
}

export const NowIcon = icon(<path d="M3 9l7-6 7 6v8H3z" />);
export const ContainersIcon = icon(<path d="M3 6l7-3 7 3v8l-7 3-7-3z M3 6l7 3 7-3 M10 9v8" />);
export const HostsIcon = icon(<path d="M3 4h14v5H3z M3 11h14v5H3z M6 6.5h.01M6 13.5h.01" />);
export const LogsIcon = icon(<path d="M4 5h12M4 9h12M4 13h8" />);
export const SettingsIcon = icon(<path d="M4 6h7M15 6h1M4 14h1M9 14h7M13 6m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M7 14m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0" />);
export const SearchIcon = icon(<path d="M9 9m-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0M13 13l4 4" />);
export const CrossIcon = icon(<path d="M5 5l10 10M15 5L5 15" />);
export const CheckIcon = icon(<path d="M4 10.5l4 4 8-9" />);
export const DownIcon = icon(<path d="M5.5 8l4.5 4.5L14.5 8" />);
export const RightIcon = icon(<path d="M8 5.5l4.5 4.5L8 14.5" />);
export const LeftIcon = icon(<path d="M12 5.5L7.5 10l4.5 4.5" />);
export const CopyIcon = icon(<path d="M7 7h9v9H7zM13 4H4v9" />);
export const ClockIcon = icon(<path d="M10 10m-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0M10 6v4l3 2" />);
export const DownloadIcon = icon(<path d="M10 3.5v9M6 9l4 4 4-4M4 16.5h12" />);
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />);
export const MoreIcon = icon(<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" strokeWidth="2.4" />);
export const StartIcon = icon(<path d="M6 4l10 6-10 6z" />);
export const StopIcon = icon(<path d="M5 5h10v10H5z" />);
export const RestartIcon = icon(<path d="M15.5 8A6 6 0 1 0 16 11.5M16 4v4.5h-4.5" />);
export const PauseIcon = icon(<path d="M7 4.5v11M13 4.5v11" />);
export const RemoveIcon = icon(<path d="M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6" />);
export const OperationsIcon = icon(<path d="M8 5h9M8 10h9M8 15h9M3 5h1.5M3 10h1.5M3 15h1.5" />);
export const ActionIcon = icon(<path d="M11 2.5L4.5 11.5H9.5L9 17.5L15.5 8.5H10.5z" />);
export const OutIcon = icon(<path d="M8 4H4v12h4M9 10h8M14 7l3 3-3 3" />);
export const KeyboardIcon = icon(<path d="M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7" />);

/** The mark: a compass needle in its ring. The only thing in brass. */
export function Mark({ className }: IconProps) {
  return (
    <svg viewBox="0 0 24 24" fill="none" aria-hidden="true" className={classes("size-[22px] shrink-0 text-lamp", className)}>
      <circle cx="12" cy="12" r="10" stroke="currentColor" strokeWidth="1.6" />
      <path d="M12 4.5l2.6 7.5L12 19.5 9.4 12z" fill="currentColor" />
      <circle cx="12" cy="12" r="1.4" fill="var(--bg)" />
    </svg>
  );
}

/** A quarter clock that says "under way" without moving. */
export function UnderWayIcon({ className }: IconProps) {
  return (
    <svg viewBox="0 0 12 12" aria-hidden="true" className={classes("size-[11px] shrink-0 text-accent", className)}>
      <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.3" />
      <path d="M6 6V1.4A4.6 4.6 0 0 1 10.6 6z" fill="currentColor" />
    </svg>
  );
}
