/** Values as the database keeps them where it need not look into them: JSON, deflated. */
import { deflateRaw, inflateRaw } from "node:zlib";
import { promisify } from "node:util";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
/** The fastest: most of what is packed are numbers and log lines, where the others win little. */
const LEVEL = 1;
/** Bytes of one unpacked value. Protects the hub from a database that was tampered with. */
const MAX_BYTES = 64 << 20;

/** Off the main thread, as is unpacking. */
export function pack(value: unknown): Promise<Buffer> {
  return deflate(JSON.stringify(value), { level: LEVEL });
}

/** Rejects for bytes that pack() did not make. */
export async function unpack(bytes: Uint8Array): Promise<unknown> {
  return JSON.parse((await inflate(bytes, { maxOutputLength: MAX_BYTES })).toString("utf8")) as unknown;
}
