/**
 * The catalogues: one file a namespace and language. Imported by the server alone; the page gets its one
 * language with the first answer.
 */
import enAuth from "@/messages/en/auth.json";
import enContainers from "@/messages/en/containers.json";
import enErrors from "@/messages/en/errors.json";
import enFormat from "@/messages/en/format.json";
import enHosts from "@/messages/en/hosts.json";
import enLogs from "@/messages/en/logs.json";
import enMetrics from "@/messages/en/metrics.json";
import enNow from "@/messages/en/now.json";
import enOperations from "@/messages/en/operations.json";
import enSettings from "@/messages/en/settings.json";
import enShell from "@/messages/en/shell.json";
import enUi from "@/messages/en/ui.json";
import koAuth from "@/messages/ko/auth.json";
import koContainers from "@/messages/ko/containers.json";
import koErrors from "@/messages/ko/errors.json";
import koFormat from "@/messages/ko/format.json";
import koHosts from "@/messages/ko/hosts.json";
import koLogs from "@/messages/ko/logs.json";
import koMetrics from "@/messages/ko/metrics.json";
import koNow from "@/messages/ko/now.json";
import koOperations from "@/messages/ko/operations.json";
import koSettings from "@/messages/ko/settings.json";
import koShell from "@/messages/ko/shell.json";
import koUi from "@/messages/ko/ui.json";
import type { Locale } from "./locales";

const en = {
  auth: enAuth,
  containers: enContainers,
  errors: enErrors,
  format: enFormat,
  hosts: enHosts,
  logs: enLogs,
  metrics: enMetrics,
  now: enNow,
  operations: enOperations,
  settings: enSettings,
  shell: enShell,
  ui: enUi,
};
export type Messages = typeof en;

const ko: Messages = {
  auth: koAuth,
  containers: koContainers,
  errors: koErrors,
  format: koFormat,
  hosts: koHosts,
  logs: koLogs,
  metrics: koMetrics,
  now: koNow,
  operations: koOperations,
  settings: koSettings,
  shell: koShell,
  ui: koUi,
};

export const CATALOGUES: Record<Locale, Messages> = { en, ko };
