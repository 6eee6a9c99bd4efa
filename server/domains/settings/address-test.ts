/**
 * "Does this address lead here?" The hub asks itself by that address and compares the random id of its own
 * run. The answer to the caller is one of a few words: nothing of what stands at that address is passed on.
 */
import type { AddressTest } from "./schema";

const PATIENCE_MS = 5_000;
/** Our own answer has under 100 bytes; a stranger's is not read further than this. */
const READ_BYTES = 4_096;

/** `instance`: the random id that this run answers on /healthz. */
export function createAddressTest(instance: string) {
  return async (url: string): Promise<AddressTest> => {
    const { origin, hostname } = new URL(url);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      const response = await fetch(`${origin}/healthz`, { redirect: "manual", signal, headers: { accept: "application/json" } });
      const text = await readStart(response);
      if (response.status !== 200 || instanceOf(text) !== instance) return { ok: false, reason: "not_this_hub", detail: "Something else answers at this address." };
      return isLoopback(hostname) ? { ok: true, warning: "loopback" } : { ok: true };
    } catch (error) {
      return whyNot(error, signal.aborted);
    }
  };
}

async function readStart(response: Response): Promise<string> {
  let text = "";
  if (!response.body) return text;
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > READ_BYTES) break; // leaving the loop cancels the rest
  }
  return text;
}

function instanceOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { instance?: unknown }).instance;
  } catch {
    return undefined;
  }
}

function whyNot(error: unknown, timedOut: boolean): AddressTest {
  if (timedOut) return { ok: false, reason: "no_answer", detail: "Nothing answered within 5 seconds." };
  const code = (error as { cause?: { code?: string } }).cause?.code ?? "";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return { ok: false, reason: "no_answer", detail: "This name is not known to the machine that runs Binnacle." };
  if (code === "ECONNREFUSED") return { ok: false, reason: "no_answer", detail: "Nothing listens at this address and port." };
  if (/CERT|TLS|SSL|SELF_SIGNED/.test(code)) return { ok: false, reason: "no_answer", detail: "The certificate at this address is not trusted by the machine that runs Binnacle." };
  if (error instanceof TypeError && !code) return { ok: false, reason: "bad_address", detail: "This address cannot be used." };
  return { ok: false, reason: "no_answer", detail: "This address could not be reached." };
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname);
}
