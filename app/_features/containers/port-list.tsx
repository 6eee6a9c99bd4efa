"use client";
import { useTranslations } from "use-intl";
import type { FleetRow } from "./fleet-row";
import { portLink, publishedPorts, type PublishedPort } from "./ports";

/** The first published ports of a row, as links where a browser can go. */
export function PortList({ row, limit }: { row: FleetRow; limit: number }) {
  const t = useTranslations("containers");
  const ports = publishedPorts(row.container.ports);
  if (ports.length === 0) return <span className="text-ink-3">–</span>;
  const rest = ports.slice(limit);
  return (
    <span className="inline-flex min-w-0 gap-2 font-mono text-12">
      {ports.slice(0, limit).map((port) => (
        <PortLink key={`${port.address ?? ""} ${port.label} ${port.private}`} port={port} hostAddress={row.host?.address ?? null} />
      ))}
      {rest.length > 0 ? (
        <span className="text-ink-3" title={rest.map((port) => port.label).join(", ")}>
          {t("portMore", { count: rest.length })}
        </span>
      ) : null}
    </span>
  );
}

export function PortLink({ port, hostAddress }: { port: PublishedPort; hostAddress: string | null }) {
  const t = useTranslations("containers");
  const url = portLink(port, hostAddress);
  if (!url) return <span {...(port.address ? { title: t("portInner", { address: `${port.address}:${port.public}` }) } : {})}>{port.label}</span>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" title={t("portOpens", { url })} className="text-accent hover:underline">
      {port.label}
    </a>
  );
}
