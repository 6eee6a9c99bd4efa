setInterval(() => {}, 1000);
import { createDockerRuntime } from "@/agent/runtime/docker/docker";
import { systemClock } from "@/agent/clock";
import { createApiLogs } from "@/agent/logs/api/api-logs";
import { createLogIndex } from "@/protocol/log-text";
const [, , sock, id, start = '{"at":"oldest"}', follow = "0", ms = "0", parse="0"] = process.argv;
const runtime = createDockerRuntime({ candidates: () => [{ from: "x", address: { kind: "unix", path: sock! } }], clock: systemClock });
console.log((await runtime.connect()).version);
const logs = createApiLogs({ runtime, clock: systemClock });
const abort = new AbortController();
const t0 = performance.now(), c0 = process.cpuUsage();
const reader = await logs.open(id!, JSON.parse(start), { follow: follow === "1", signal: abort.signal });
if (!("read" in reader)) { console.log(reader); process.exit(1); }
console.log(reader.source);
let bytes = 0, batches = 0, lines = 0, last = -1, repeats = 0, lost = 0; let lastTo = "";
if (+ms) setTimeout(() => abort.abort(), +ms);
const index = createLogIndex();
try {
  for (;;) {
    const piece = await reader.read();
    if (piece.what === "text") { bytes += piece.text.length; batches++; lastTo = piece.to;
      if (parse === "1") { const c = index.push(piece.text, piece.form); lines += c.lines; for (let i = 0; i < c.lines; i++) { const n = Number(c.line(i).text.slice(0, 10)); if (Number.isNaN(n)) continue; if (n <= last) { repeats++; console.log('repeat', n, 'last', last, c.line(i).time, i && c.line(i-1).time, i, c.lines, piece.from, piece.to); } else { if (n !== last + 1 && last >= 0) lost += n - last - 1; last = n; } } } }
    else { console.log(piece.what === "live" ? "live " + (performance.now() - t0 | 0) : piece); if (piece.what === "end") break; }
  }
} catch (e) { console.log(String(e)); }
const wall = performance.now() - t0, c = process.cpuUsage(c0);
console.log({ bytes, batches, avg: (bytes / batches) | 0, ms: wall | 0, cpu: ((c.user + c.system) / 1000) | 0, lines, last, repeats, lost, lastTo });
reader.close(); process.exit(0);
