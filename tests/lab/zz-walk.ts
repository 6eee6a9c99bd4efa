import { systemClock } from "@/agent/clock";
import { createUnitStream } from "@/agent/logs/api/unit-stream";
import { createTold } from "@/agent/logs/api/told";
const N = 300000; const parts: Buffer[] = [];
for (let i = 0; i < N; i++) { const t = Buffer.from(`2026-11-28T16:40:${String(10 + (i / 100000 | 0)).padStart(2, "0")}.${String((i % 100000) * 10000).padStart(9, "0")}Z ${String(i).padStart(10, "0")} ${"x".repeat(188)}\n`); const h = Buffer.alloc(8); h[0] = 1; h.writeUInt32BE(t.length, 4); parts.push(h, t); }
const all = Buffer.concat(parts);
for (let r = 0; r < 6; r++) {
  const told = createTold(null, 1 << 20);
  const s = createUnitStream({ form: "multiplexed", told, clock: systemClock, skipTo: null, overruns: true, onReady() {}, resume() {} });
  const t0 = performance.now(); let out = 0;
  for (let at = 0; at < all.length;) { const room = s.room(); const n = Math.min(room.length, 40000, all.length - at); all.copy(room, 0, at, at + n); at += n; s.took(n); for (let x = s.next(); x; x = s.next()) if (x.what === "segment") out += x.segment.bytes.length; }
  s.ended(null); for (let x = s.next(); x; x = s.next()) if (x.what === "segment") out += x.segment.bytes.length;
  console.log((performance.now() - t0).toFixed(0), out === all.length);
}
process.exit(0);
