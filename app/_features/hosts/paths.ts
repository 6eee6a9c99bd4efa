import { ADD_HOST_PATH } from "@/app/_features/shell/places";

/** The containers of one host, in the table: the scope does it. */
export const containersPath = (hostId: string): string => `/containers?host=${encodeURIComponent(hostId)}`;
/** Where a known host gets a new key. */
export const renewPath = (hostId: string): string => `${ADD_HOST_PATH}?${RENEW_KEY}=${encodeURIComponent(hostId)}`;
export const RENEW_KEY = "renew";
